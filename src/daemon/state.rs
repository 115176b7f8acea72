//! What the loop knows, and what it does next. Nothing here touches a file, a socket, a process or the clock.
//!
//! in:  an [`Event`] and the [`Moment`] of it
//! out: [`Action`]s, and the time at which to look again even if nothing happens

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;

use super::End;
use super::certificates::Certificates;
use super::ending::Ending;
use super::event::{Action, Event, Moment};
use super::job::JobState;
use super::token::TokenFile;
use super::trouble::QueryFailures;
use crate::answer::Answer;
use crate::apply::ledger::Ledger;
use crate::apply::transaction::{Applied, Outcome, owed};
use crate::child::Child;
use crate::config::resolved::{Config, ConsulConfig, Mode};
use crate::decide::Decision;
use crate::guard::{Judgement, judge};
use crate::query::{FileQuery, Query};
use crate::signals::SignalAction;
use crate::snapshot::Snapshot;
use crate::template::RenderEnv;
use crate::watch::{FileEvent, WatchEvent};

/// Everything the loop knows.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, in any combination"
)]
pub(super) struct State {
    pub(super) mode: Mode,
    pub(super) dry: bool,
    /// A key that does not exist ends the process.
    pub(super) fail_on_missing: bool,
    pub(super) jobs: Vec<JobState>,
    /// The number of the next job.
    pub(super) numbers: usize,
    /// How Consul is asked now.
    pub(super) consul: ConsulConfig,
    pub(super) snapshot: Snapshot,
    pub(super) render_env: Arc<RenderEnv>,
    pub(super) troubles: QueryFailures,
    pub(super) ledger: Ledger,
    pub(super) begun: Instant,
    /// A batch is being written; nothing else is written meanwhile.
    pub(super) writing: bool,
    /// Commands that are running.
    pub(super) running: usize,
    /// A command failed in a run that renders once, where nothing is tried again.
    pub(super) command_failed: bool,
    pub(super) ending: Option<Ending>,
    /// The child that is kept running; `None`: none is wanted.
    pub(super) child: Option<Child>,
    /// Files have changed since the child was told.
    pub(super) files_changed: bool,
    /// Everything is being read again.
    pub(super) reloading: bool,
    pub(super) token: TokenFile,
    pub(super) certificates: Certificates,
    /// What is followed may have changed, though no template asks anything else.
    pub(super) look_again: bool,
    pub(super) followed: BTreeSet<Arc<Query>>,
    /// The plugins that run, and whether what they print is stale already.
    pub(super) plugins: BTreeMap<Arc<Query>, bool>,
    watched: BTreeSet<PathBuf>,
    pub(super) wake: Option<Instant>,
}

impl State {
    pub(super) fn new(config: Config, now: Moment) -> Self {
        let Config {
            consul,
            jobs,
            exec,
            mode,
            dry,
            fail_on_missing,
            ..
        } = config;
        let jobs = jobs.into_iter().enumerate();
        let jobs: Vec<_> = jobs
            .map(|(number, job)| JobState::new(number, job, mode))
            .collect();
        Self {
            mode,
            dry,
            fail_on_missing,
            numbers: jobs.len(),
            jobs,
            snapshot: Snapshot::default(),
            render_env: Arc::new(RenderEnv::here(variables(&consul))),
            // The daemon asks for ever.
            troubles: QueryFailures::new(consul.retry.attempts.filter(|_| mode != Mode::Daemon)),
            ledger: Ledger::default(),
            begun: now.instant,
            writing: false,
            running: 0,
            command_failed: false,
            ending: None,
            child: exec.map(Child::new),
            files_changed: false,
            reloading: false,
            token: TokenFile::new(consul.token_file.clone(), consul.token.clone()),
            certificates: Certificates::new(&consul),
            consul,
            look_again: false,
            followed: BTreeSet::new(),
            plugins: BTreeMap::new(),
            watched: BTreeSet::new(),
            wake: None,
        }
    }

    /// The first actions.
    pub(super) fn begin(&mut self, now: Moment) -> Vec<Action> {
        let mut actions = self.read_sources(|_| true);
        self.watched = self
            .token
            .path()
            .into_iter()
            .chain(self.certificates.paths())
            .cloned()
            .collect();
        if !self.is_once() && !self.watched.is_empty() {
            actions.push(Action::Watch(self.watched.clone()));
        }
        self.go_on(now, &mut actions);
        actions
    }

    /// When to look again, even if nothing happens.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.wake
    }

    /// Takes an event in, and says what follows from it.
    pub(super) fn step(&mut self, event: Event, now: Moment) -> Vec<Action> {
        let mut actions = Vec::new();
        self.snapshot.turn_to(now.instant);
        match event {
            Event::Watched(events) => events
                .into_iter()
                .for_each(|event| self.watched(event, now)),
            Event::FilesChanged(FileEvent { files }) => {
                actions =
                    self.read_sources(|job| job.sources().any(|source| files.contains(source)));
                actions.extend(self.read_files(|path| files.contains(path)));
                actions.extend(
                    self.token
                        .path()
                        .filter(|path| files.contains(*path))
                        .cloned()
                        .map(Action::ReadToken),
                );
                if self
                    .certificates
                    .paths()
                    .iter()
                    .any(|path| files.contains(path))
                {
                    actions.push(Action::ReadCertificates);
                }
            }
            Event::CertificatesRead(read) => self.certificates.read(read),
            Event::TokenRead(read) => {
                let token = self.token.read(read);
                if let Some(token) = &token {
                    self.consul.token = Some(token.clone());
                }
                actions.extend(token.map(Action::UseToken));
            }
            Event::ConfigRead(read) => actions = self.renew(read, now),
            Event::SourcesRead(all) => {
                self.reloading = false;
                for (number, read) in all {
                    if let Some(job) = self.numbered(number) {
                        job.read(read);
                    }
                }
            }
            Event::Applied(applied) => self.applied(applied, now.instant),
            Event::PluginEnded(query, answer) => self.plugin_ended(query, answer),
            Event::CommandEnded(command, ended) => self.command_ended(&command.line, ended, now),
            Event::SignalAction(SignalAction::Reload) if self.ending.is_some() => {}
            Event::SignalAction(SignalAction::Reload) => {
                tracing::info!(name: "reload.begun", "reading everything again");
                self.jobs
                    .iter_mut()
                    .for_each(|job| job.retry_now(now.instant));
                self.ledger.retry_now(now.instant);
                self.reloading = true;
                actions.push(Action::ReadConfig);
            }
            Event::ChildEnded(ended) => self.child_ended(ended, now, &mut actions),
            Event::SignalAction(SignalAction::PassOn(signal)) => {
                self.pass_on(signal, now, &mut actions);
            }
            Event::SignalAction(SignalAction::End(_)) if self.ending.is_some() => {
                return vec![Action::EndNow];
            }
            Event::SignalAction(SignalAction::End(signal)) => {
                tracing::info!(name: "process.ending", "ending");
                self.begin_to_end(End::Interrupted, Some(signal), now.instant, &mut actions);
            }
            Event::Lost(what) => {
                // What it was about to do is not known to be done: begin anew, by whoever watches over the process.
                tracing::error!(name: "process.lost_task", what, "a task of ctmpl ended by itself ({what}); ending");
                return vec![Action::End(End::Failed)];
            }
            Event::Time => {}
        }
        self.go_on(now, &mut actions);
        actions
    }

    fn applied(&mut self, applied: Vec<Applied>, now: Instant) {
        self.writing = false;
        self.files_changed |= applied
            .iter()
            .any(|applied| matches!(applied.outcome, Ok(Outcome::Written)));
        let jobs: Vec<_> = self.jobs.iter().map(JobState::job).collect();
        // A job that was replaced by a reload meanwhile: its file needs the command of the new one.
        let of_file = |path: &PathBuf| {
            jobs.iter()
                .find(|job| job.destination.as_ref() == Some(path))
        };
        let of_applied = |applied: &Applied| {
            let place = self.jobs.iter().position(|job| job.number() == applied.job);
            let job = place
                .and_then(|place| jobs.get(place))
                .or_else(|| of_file(&applied.destination));
            job.and_then(|job| job.command.as_ref())
        };
        for owed in owed(&applied, of_applied) {
            let rank = self
                .jobs
                .iter()
                .position(|job| job.has_command(&owed.command.line))
                .unwrap_or_default();
            self.ledger.owe(owed.command, rank, owed.destinations, now);
        }
        for Applied { job, outcome, .. } in applied {
            if let Some(job) = self.numbered(job) {
                job.applied(outcome, now);
            }
        }
    }

    /// The job with this number, if it is still there.
    fn numbered(&mut self, number: usize) -> Option<&mut JobState> {
        // As long as nothing was read again, the number is the place.
        let place = self
            .jobs
            .get(number)
            .filter(|job| job.number() == number)
            .map(|_| number);
        let place = place.or_else(|| self.jobs.iter().position(|job| job.number() == number))?;
        self.jobs.get_mut(place)
    }

    fn watched(&mut self, event: WatchEvent, now: Moment) {
        let (WatchEvent::News(query, _)
        | WatchEvent::Failed(query, _)
        | WatchEvent::Recovered(query)) = &event;
        if !self.followed.contains(query) {
            // It was under way when the query was let go: kept, it would pass for fresh when it is asked again.
            return;
        }
        match event {
            WatchEvent::News(query, answer) => {
                self.troubles.recovered(&query, now.instant);
                self.believe(query, answer);
            }
            WatchEvent::Failed(query, error) => self.troubles.failed(query, error, now.instant),
            WatchEvent::Recovered(query) => self.troubles.recovered(&query, now.instant),
        }
    }

    pub(super) fn believe(&mut self, query: Arc<Query>, answer: Arc<Answer>) {
        let before = self.snapshot.answer(&query).cloned();
        if let Judgement::BelievedLoss { before } = judge(before.as_deref(), &answer) {
            tracing::warn!(name: "query.emptied", %query, %before, "{query} went from {before} to nothing");
        } else {
            tracing::debug!(name: "query.changed", %query, "{query} has news");
        }
        let mut stale = Vec::new();
        let mut longest = Duration::ZERO;
        for job in &mut self.jobs {
            if job.on_answer(&query, before.as_deref(), &answer) && !is_plugin(&query) {
                stale.extend(job.asked().filter(|asked| is_plugin(asked)).cloned());
            }
            longest = longest.max(job.times(&query));
        }
        for plugin in stale {
            self.ask_again(&plugin);
        }
        self.snapshot.record_timed(query, answer, longest);
    }

    pub(super) fn read_sources(&self, wanted: impl Fn(&JobState) -> bool) -> Vec<Action> {
        let jobs = self.jobs.iter().filter(|job| wanted(job));
        let jobs: Vec<_> = jobs
            .map(|job| (job.number(), job.job(), job.template()))
            .collect();
        if jobs.is_empty() {
            Vec::new()
        } else {
            vec![Action::ReadSources(jobs)]
        }
    }

    pub(super) fn read_files(&self, wanted: impl Fn(&PathBuf) -> bool) -> Option<Action> {
        let files: Vec<_> = files(&self.followed)
            .filter(|file| wanted(&file.path))
            .cloned()
            .collect();
        (!files.is_empty()).then_some(Action::ReadFiles(files))
    }

    /// Everything that may follow from whatever just happened.
    fn go_on(&mut self, now: Moment, actions: &mut Vec<Action>) {
        self.wake = None;
        if self.ending.is_none() && !self.only_child() {
            for job in &mut self.jobs {
                job.render(&self.snapshot, &self.render_env, now);
                if let Some(again) = job.again() {
                    wake_at(&mut self.wake, again);
                }
            }
            self.follow(actions);
            self.run_plugins(actions);
            self.write(now.instant, actions);
        }
        self.fail(now, actions);
        self.expire(now, actions);
        self.run_commands(now.instant, actions);
        self.keep_child(now.instant, actions);
        if let Some(end) = self.end(now) {
            actions.push(Action::End(end));
        }
    }

    /// Follows what is asked now, and forgets what nobody asks any more.
    fn follow(&mut self, actions: &mut Vec<Action>) {
        let wishes = self.jobs.iter_mut().map(JobState::take_dependency_change);
        if !wishes.fold(std::mem::take(&mut self.look_again), |any, new| any | new) {
            return;
        }
        let asked: BTreeSet<Arc<Query>> = self
            .jobs
            .iter()
            .flat_map(JobState::asked)
            .cloned()
            .collect();
        let watched: BTreeSet<PathBuf> = self
            .jobs
            .iter()
            .flat_map(JobState::sources)
            .chain(files(&asked).map(|file| &file.path))
            .chain(self.token.path())
            .chain(self.certificates.paths())
            .cloned()
            .collect();
        if asked != self.followed {
            let new: Vec<_> = files(&asked)
                .filter(|file| !self.followed.contains(&Query::File((*file).clone())))
                .cloned()
                .collect();
            self.snapshot.retain(|query| asked.contains(query));
            self.troubles.retain(|query| asked.contains(query));
            let is_local = |query: &Query| matches!(query, Query::File(_) | Query::Plugin(_));
            let remote = asked
                .iter()
                .filter(|query| !is_local(query))
                .cloned()
                .collect();
            actions.push(Action::Follow(remote));
            if !new.is_empty() {
                actions.push(Action::ReadFiles(new));
            }
            self.followed = asked;
        }
        if watched != self.watched {
            // Nobody waits for a source to change who ends when all is written.
            if !self.is_once() {
                actions.push(Action::Watch(watched.clone()));
            }
            self.watched = watched;
        }
    }

    fn write(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.writing {
            return;
        }
        let mut changes = Vec::new();
        for job in &mut self.jobs {
            match job.decide(now) {
                Some(Decision::Apply) => changes.push(job.change()),
                Some(Decision::AwaitQuiet(due)) => wake_at(&mut self.wake, due),
                Some(Decision::AwaitAnswers | Decision::KeepOld) | None => {}
            }
        }
        if !changes.is_empty() {
            self.writing = true;
            actions.push(if self.dry {
                Action::Print(changes)
            } else {
                Action::Write(changes)
            });
        }
    }

    pub(super) fn is_once(&self) -> bool {
        matches!(self.mode, Mode::Once { .. })
    }
}

/// The variables that templates see: what commands see.
pub(super) fn variables(consul: &ConsulConfig) -> BTreeMap<String, String> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let exports = consul
        .exports
        .iter()
        .map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
    std::env::vars_os()
        .filter_map(text)
        .chain(exports)
        .collect()
}

pub(super) fn is_plugin(query: &Query) -> bool {
    matches!(query, Query::Plugin(_))
}

fn files(queries: &BTreeSet<Arc<Query>>) -> impl Iterator<Item = &FileQuery> {
    queries.iter().filter_map(|query| match &**query {
        Query::File(file) => Some(file),
        _ => None,
    })
}

pub(super) fn wake_at(wake: &mut Option<Instant>, at: Instant) {
    *wake = Some(wake.map_or(at, |earlier| earlier.min(at)));
}

/// An error and its causes, on one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    std::iter::once(error.to_string())
        .chain(causes.map(ToString::to_string))
        .collect::<Vec<_>>()
        .join(": ")
}

#[cfg(test)]
mod tests;
