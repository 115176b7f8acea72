//! The actions of groups: files on the writer threads, commands, checks and verifications in tasks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apply_ledger::Ending;
use ctmpl_options::config::resolved::{Config, Job};
use group_apply::change::{Change, ReplacedFile};
use group_apply::drift::Inspection;
use group_apply::hold_results::HoldResult;
use group_apply::journal::Transfers;
use group_apply::options::{CommandConfig, CommandOutput, GroupConfig, GroupKey};
use group_apply::transaction::StagedFile;
use group_apply::write::Writer;
use group_apply::{fault, hold_results, requests};

use super::group_files::GroupFiles;
use super::programs::OwnedContext;
use super::{Executor, check, verify};
use crate::command::{self, Purpose};
use crate::daemon::event::{Event, RestorePlan};
use crate::daemon::state_dir::OwedFile;

impl Executor {
    /// Removes what killed processes have left beside the destinations.
    pub(in crate::daemon) fn remove_leftovers(&mut self, config: &Config) {
        let destinations = config.destinations();
        self.writers.begin(move |writer| {
            writer.remove_leftovers(destinations.iter().map(PathBuf::as_path));
            check::remove_leftovers();
            Event::Recorded
        });
    }

    /// Adopts the files whose command an earlier process owes.
    pub(in crate::daemon) fn owe(&self, owed: Vec<(GroupKey, OwedFile)>) {
        for (key, file) in owed {
            if let Some(journal) = self.writers.journal() {
                journal.inherit(&key, file.intent);
            }
            if let Some(previous) = file.previous {
                let file = ReplacedFile::of_template(previous);
                self.group_files.replaced(key, file);
            }
        }
    }

    /// Takes the requests of the command line.
    pub(super) fn take_requests(&mut self, destinations: Vec<PathBuf>) {
        self.writers.begin(move |writer| {
            let journal = writer.journal();
            let changes = journal.map(|journal| requests::take(journal, destinations));
            Event::RequestsTaken(changes.unwrap_or_default())
        });
    }

    /// Answers the request of a hold.
    pub(super) fn answer_hold(&mut self, result: HoldResult) {
        self.writers.begin(move |writer| {
            if let Some(journal) = writer.journal() {
                hold_results::answer(journal, result);
            }
            Event::Recorded
        });
    }

    /// Begins a job of a writer thread.
    pub(super) fn write(
        &mut self,
        work: impl FnOnce(&GroupFiles, &Writer) -> Event + Send + 'static,
    ) {
        self.watcher.set_busy(true);
        let files = self.group_files.clone();
        self.writers.begin(move |writer| work(&files, writer));
    }

    /// Stages the files of a group.
    pub(super) fn stage(&mut self, key: GroupKey, changes: Vec<Change>) {
        self.write(move |files, writer| files.stage(writer, key, changes));
    }

    /// Compares destinations with what was written last: one job per directory, so that one on a hanging file
    /// system delays no other.
    pub(super) fn inspect(&mut self, all: Vec<Inspection>) {
        let mut jobs: BTreeMap<Option<PathBuf>, Vec<Inspection>> = BTreeMap::new();
        for inspection in all {
            let directory = inspection.destination.parent().map(Path::to_owned);
            jobs.entry(directory).or_default().push(inspection);
        }
        for job in jobs.into_values() {
            self.writers.begin(move |writer| {
                let results = job.iter().map(|one| (one.job, writer.inspect(one)));
                Event::Inspected(results.collect())
            });
        }
    }

    /// Restores the replaced files of a group.
    pub(super) fn restore(&mut self, key: GroupKey, plan: RestorePlan) {
        self.write(move |files, writer| files.restore(writer, key, &plan));
    }

    /// Records the end of the command of a group.
    pub(super) fn finish(&mut self, key: GroupKey, ending: Ending) {
        if ending != Ending::Failed {
            self.group_files.forget_replaced(&key);
        }
        if self.writers.journal().is_some() {
            self.writers.begin(move |writer| {
                fault::point("command-ended");
                if let Some(journal) = writer.journal() {
                    journal.finished(&key, ending);
                }
                fault::point("end-recorded");
                Event::Recorded
            });
        }
    }

    /// Records that other groups owe the commands of groups.
    pub(super) fn transfer(&mut self, all: Transfers) {
        self.writers.begin(move |writer| {
            if let Some(journal) = writer.journal() {
                journal.transfer(all);
            }
            Event::Recorded
        });
    }

    pub(super) fn run(&mut self, group: Arc<GroupConfig>) {
        let Some(command) = group.command.clone() else {
            return;
        };
        let context = self.command_context(&command);
        let observed = self.observed.clone();
        self.tasks.spawn(async move {
            observed.observe(&group).await;
            let ended = command::run(&command, context.borrow()).await;
            Event::CommandEnded(group.key.clone(), ended)
        });
    }

    pub(super) fn check(
        &mut self,
        group: Arc<GroupConfig>,
        files: Vec<StagedFile>,
        jobs: Vec<Arc<Job>>,
    ) {
        let context = self.quiet_context();
        self.tasks.spawn(async move {
            let checked = check::check(&group, files, jobs, context.borrow()).await;
            Event::Checked(group.key.clone(), checked)
        });
    }

    pub(super) fn verify(&mut self, group: Arc<GroupConfig>) {
        let context = self.quiet_context();
        let observed = self.observed.clone();
        self.tasks.spawn(async move {
            let verified = verify::verify(&group, &observed, context.borrow()).await;
            Event::Verified(group.key.clone(), verified)
        });
    }

    /// The context of a command whose output is passed on as configured.
    pub(super) fn command_context(&mut self, command: &CommandConfig) -> OwnedContext {
        if command.output == CommandOutput::Inherit && self.relay.is_none() {
            self.relay = command::start_relay();
        }
        OwnedContext {
            relay: self.relay.clone(),
            purpose: Purpose::Reload,
            ..self.quiet_context()
        }
    }

    /// The context of a check or a verification. Its output is part of the message about a failure.
    pub(super) fn quiet_context(&self) -> OwnedContext {
        OwnedContext {
            exports: Arc::clone(&self.exports),
            stop: self.stop.clone(),
            relay: None,
            purpose: Purpose::Probe,
        }
    }
}
