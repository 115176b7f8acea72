//! What the loop knows, and what it does next. Nothing here touches a file, a socket, a process or the clock.
//!
//! in:  an [`Event`] and the [`Moment`] of it
//! out: [`Action`]s, and the time at which to look again even if nothing happens

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;

use super::End;
use super::ending::Ending;
use super::event::{Action, Event, Moment};
use super::job::JobState;
use super::token::TokenFile;
use super::trouble::Troubles;
use crate::answer::Answer;
use crate::apply::ledger::{Ledger, REST};
use crate::apply::transaction::{Applied, owed};
use crate::command::{CommandError, Finished};
use crate::config::resolved::{CommandLine, Config, Mode};
use crate::decide::Decision;
use crate::guard::{Judgement, judge};
use crate::query::{FileQuery, Query};
use crate::signals::Wish;
use crate::snapshot::Snapshot;
use crate::template::Surroundings;
use crate::watch::{FileEvent, WatchEvent};

/// Templates with the same command that get their data a moment apart share one run of it: at the start, the command
/// waits this long for those that have nothing yet.
const COMPANY: Duration = Duration::from_secs(1);

/// Everything the loop knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) mode: Mode,
    dry: bool,
    pub(super) jobs: Vec<JobState>,
    pub(super) snapshot: Snapshot,
    pub(super) surroundings: Arc<Surroundings>,
    pub(super) troubles: Troubles,
    pub(super) ledger: Ledger,
    pub(super) begun: Instant,
    /// A batch is being written; nothing else is written meanwhile.
    pub(super) writing: bool,
    /// Commands that are running.
    pub(super) running: usize,
    /// A command failed in a run that renders once, where nothing is tried again.
    pub(super) command_failed: bool,
    pub(super) ending: Option<Ending>,
    token: TokenFile,
    pub(super) followed: BTreeSet<Arc<Query>>,
    /// The plugins that run, and whether what they print is stale already.
    pub(super) plugins: BTreeMap<Arc<Query>, bool>,
    watched: BTreeSet<PathBuf>,
    pub(super) wake: Option<Instant>,
}

impl State {
    pub(super) fn new(config: Config, now: Moment) -> Self {
        let Config { consul, jobs, mode, dry, .. } = config;
        let mut variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        // `env` sees what commands see.
        variables.extend(consul.exports.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())));
        Self {
            mode,
            dry,
            jobs: jobs.into_iter().map(|job| JobState::new(job, mode)).collect(),
            snapshot: Snapshot::default(),
            surroundings: Arc::new(Surroundings::here(variables)),
            troubles: Troubles::default(),
            ledger: Ledger::default(),
            begun: now.instant,
            writing: false,
            running: 0,
            command_failed: false,
            ending: None,
            token: TokenFile::new(consul.token_file, consul.token),
            followed: BTreeSet::new(),
            plugins: BTreeMap::new(),
            watched: BTreeSet::new(),
            wake: None,
        }
    }

    /// The first actions.
    pub(super) fn begin(&mut self, now: Moment) -> Vec<Action> {
        let mut actions = self.read_sources(|_| true);
        if !self.is_once() && self.token.path().is_some() {
            self.watched = self.token.path().cloned().into_iter().collect();
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
            Event::Watched(events) => events.into_iter().for_each(|event| self.watched(event, now)),
            Event::FilesChanged(FileEvent { files }) => {
                actions = self.read_sources(|job| job.sources().any(|source| files.contains(source)));
                actions.extend(self.read_files(|path| files.contains(path)));
                actions.extend(self.token.path().filter(|path| files.contains(*path)).cloned().map(Action::ReadToken));
            }
            Event::TokenRead(read) => actions.extend(self.token.read(read).map(Action::UseToken)),
            Event::SourcesRead(all) => all.into_iter().for_each(|(job, read)| self.jobs[job].read(read)),
            Event::Applied(applied) => {
                self.writing = false;
                for owed in owed(&applied) {
                    let rank = self.jobs.iter().position(|job| job.has_command(&owed.command.line)).unwrap_or_default();
                    self.ledger.owe(owed.command, rank, owed.destinations, now.instant);
                }
                for Applied { job, outcome, .. } in applied {
                    self.jobs[job].applied(outcome, now.instant);
                }
            }
            Event::PluginEnded(query, answer) => self.plugin_ended(query, answer),
            Event::CommandEnded(command, ended) => self.command_ended(&command.line, ended, now),
            Event::Wish(Wish::Reload) => {
                tracing::info!("reading everything again");
                self.jobs.iter_mut().for_each(|job| job.retry_now(now.instant));
                self.ledger.retry_now(now.instant);
                let plugins: Vec<_> = self.followed.iter().filter(|query| is_plugin(query)).cloned().collect();
                for plugin in plugins {
                    self.ask_again(&plugin);
                }
                actions = self.read_sources(|_| true);
                actions.extend(self.read_files(|_| true));
                actions.extend(self.token.path().cloned().map(Action::ReadToken));
            }
            Event::Wish(Wish::End) if self.ending.is_some() => return vec![Action::EndNow],
            Event::Wish(Wish::End) => {
                tracing::info!("ending");
                self.ending = Some(Ending::begin(End::Interrupted, now.instant));
            }
            Event::Lost(what) => {
                // What it was about to do is not known to be done: begin anew, by whoever watches over the process.
                tracing::error!("a task of ctmpl ended by itself ({what}); ending");
                return vec![Action::End(End::Failed)];
            }
            Event::Time => {}
        }
        self.go_on(now, &mut actions);
        actions
    }

    fn watched(&mut self, event: WatchEvent, now: Moment) {
        let (WatchEvent::News(query, _) | WatchEvent::Failed(query, _) | WatchEvent::Recovered(query)) = &event;
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
        let before = self.snapshot.answer(&query);
        if let Judgement::BelievedLoss { before } = judge(before.map(AsRef::as_ref), &answer) {
            tracing::warn!("{query} went from {before} to nothing");
        } else {
            tracing::debug!("{query} has news");
        }
        let mut longest = Duration::ZERO;
        for job in &mut self.jobs {
            job.hear_of(&query);
            longest = longest.max(job.times(&query));
        }
        if !is_plugin(&query) {
            self.ask_plugins_with(&query);
        }
        self.snapshot.record_timed(query, answer, longest);
    }

    fn command_ended(&mut self, line: &CommandLine, ended: Result<Finished, CommandError>, now: Moment) {
        self.running = self.running.saturating_sub(1);
        match ended {
            Ok(Finished { took, .. }) => {
                tracing::info!("command {line} succeeded after {} ms", took.as_millis());
                self.ledger.finished(line, true, now.instant, 0.0);
            }
            Err(error) if self.is_once() => {
                tracing::error!("{}", chain(&error));
                self.command_failed = true;
                self.ledger.finished(line, true, now.instant, 0.0);
            }
            Err(error) => {
                let retry = self.ledger.finished(line, false, now.instant, fastrand::f64());
                let again =
                    retry.map_or(String::new(), |retry| format!("; runs again in {:.1} s", retry.after.as_secs_f64()));
                tracing::error!("{}{again}", chain(&error));
            }
        }
    }

    fn read_sources(&self, wanted: impl Fn(&JobState) -> bool) -> Vec<Action> {
        let jobs = self.jobs.iter().enumerate().filter(|(_, job)| wanted(job));
        let jobs: Vec<_> = jobs.map(|(place, job)| (place, job.job(), job.template())).collect();
        if jobs.is_empty() { Vec::new() } else { vec![Action::ReadSources(jobs)] }
    }

    fn read_files(&self, wanted: impl Fn(&PathBuf) -> bool) -> Option<Action> {
        let files: Vec<_> = files(&self.followed).filter(|file| wanted(&file.path)).cloned().collect();
        (!files.is_empty()).then_some(Action::ReadFiles(files))
    }

    /// Everything that may follow from whatever just happened.
    fn go_on(&mut self, now: Moment, actions: &mut Vec<Action>) {
        self.wake = None;
        if self.ending.is_none() {
            for job in &mut self.jobs {
                job.render(&self.snapshot, &self.surroundings, now);
                if let Some(again) = job.again() {
                    wake_at(&mut self.wake, again);
                }
            }
            self.follow(actions);
            self.run_plugins(actions);
            self.write(now.instant, actions);
        }
        self.expire(now);
        self.run_commands(now.instant, actions);
        if let Some(end) = self.end(now) {
            actions.push(Action::End(end));
        }
    }

    /// Follows what is asked now, and forgets what nobody asks any more.
    fn follow(&mut self, actions: &mut Vec<Action>) {
        let wishes = self.jobs.iter_mut().map(JobState::take_new_wishes);
        if !wishes.reduce(|any, new| any | new).unwrap_or(false) {
            return;
        }
        let asked: BTreeSet<Arc<Query>> = self.jobs.iter().flat_map(JobState::asked).cloned().collect();
        let watched: BTreeSet<PathBuf> = self
            .jobs
            .iter()
            .flat_map(JobState::sources)
            .chain(files(&asked).map(|file| &file.path))
            .chain(self.token.path())
            .cloned()
            .collect();
        if asked != self.followed {
            let new: Vec<_> =
                files(&asked).filter(|file| !self.followed.contains(&Query::File((*file).clone()))).cloned().collect();
            self.snapshot.retain(|query| asked.contains(query));
            self.troubles.retain(|query| asked.contains(query));
            let is_local = |query: &Query| matches!(query, Query::File(_) | Query::Plugin(_));
            let remote = asked.iter().filter(|query| !is_local(query)).cloned().collect();
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
        for (place, job) in self.jobs.iter_mut().enumerate() {
            match job.decide(now) {
                Some(Decision::Apply) => changes.push(job.change(place)),
                Some(Decision::AwaitQuiet(due)) => wake_at(&mut self.wake, due),
                Some(Decision::AwaitAnswers | Decision::KeepOld) | None => {}
            }
        }
        if !changes.is_empty() {
            self.writing = true;
            actions.push(if self.dry { Action::Print(changes) } else { Action::Write(changes) });
        }
    }

    fn run_commands(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.writing {
            // All files of a pass, then its commands.
            return;
        }
        if self.running > 0 {
            // One after another, in the order of the templates: a command may count on the one before it.
            return;
        }
        // At the end nobody waits for the end of a rest.
        let by = if self.ending.is_some() { now + REST } else { now };
        let company_until = if self.is_once() { None } else { Some(self.begun + COMPANY) };
        let in_company = self.ending.is_none() && company_until.is_none_or(|until| now < until);
        let held = |line: &CommandLine| in_company && self.jobs.iter().any(|job| job.waits_with(line));
        if let Some(command) = self.ledger.start_next(by, held) {
            self.running += 1;
            actions.push(Action::Run(command));
        } else if let Some(due) = self.ledger.next_wake() {
            // What is due and yet did not start is held: for company, or until the run that renders once is over.
            let due = if due > now { Some(due) } else { company_until };
            if let Some(due) = due {
                wake_at(&mut self.wake, due);
            }
        }
    }

    pub(super) fn is_once(&self) -> bool {
        matches!(self.mode, Mode::Once { .. })
    }
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
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests;
