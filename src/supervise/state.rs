//! What the loop knows, and what it does next. Nothing here touches a file, a socket, a process or the clock.
//!
//! in:  an [`Event`] and the [`Moment`] of it
//! out: [`Action`]s, and the time at which to look again even if nothing happens

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::End;
use super::job::{JobState, Stage};
use super::missing::{self, Lack};
use super::trouble::Troubles;
use crate::answer::Answer;
use crate::apply::ledger::Ledger;
use crate::apply::transaction::{Applied, Change, owed};
use crate::command::{CommandError, Finished};
use crate::config::resolved::{CommandConfig, CommandLine, Config, Job, Mode};
use crate::decide::Decision;
use crate::guard::{Judgement, judge};
use crate::query::Query;
use crate::signals::Wish;
use crate::snapshot::Snapshot;
use crate::template::{Surroundings, Template, TemplateError};
use crate::watch::{FileEvent, WatchEvent};

/// When something happened: on the clock that measures, and on the clock that tells the date.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) instant: Instant,
    pub(super) time: Timestamp,
}

impl Moment {
    pub(super) fn now() -> Self {
        // The clock of the runtime, which tests can pause.
        Self { instant: tokio::time::Instant::now().into_std(), time: Timestamp::now() }
    }
}

/// What wakes the loop.
#[derive(Debug)]
pub(super) enum Event {
    /// Queries were answered, or failed.
    Watched(Vec<WatchEvent>),
    /// Files may have changed: sources of templates, or what `file` reads.
    FilesChanged(FileEvent),
    /// The source of a job was read.
    SourceRead(usize, Result<Template, TemplateError>),
    /// A batch of files was written.
    Applied(Vec<Applied>),
    /// A command ended.
    CommandEnded(CommandConfig, Result<Finished, CommandError>),
    /// A signal came.
    Wish(Wish),
    /// The time came that [`State::next_wake`] named.
    Time,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Action {
    /// Follow these queries, and no others.
    Follow(BTreeSet<Query>),
    /// Watch these files, and no others.
    Watch(BTreeSet<PathBuf>),
    /// Read these files for `file`, and answer as a watched query does.
    ReadFiles(Vec<PathBuf>),
    /// Read the source of this job.
    ReadSource(usize, Arc<Job>),
    /// Write these files, all of them before anything else.
    Write(Vec<Change>),
    /// Print these files instead, where they would change.
    Print(Vec<Change>),
    /// Run this command.
    Run(CommandConfig),
    /// It is over.
    End(End),
}

/// Templates with the same command that get their data a moment apart share one run of it: at the start, the command
/// waits this long for those that have nothing yet.
const COMPANY: Duration = Duration::from_secs(1);
/// How long an orderly end waits for commands that are running.
const FAREWELL: Duration = Duration::from_secs(10);

/// Everything the loop knows.
#[derive(Debug)]
pub(super) struct State {
    mode: Mode,
    dry: bool,
    jobs: Vec<JobState>,
    snapshot: Snapshot,
    surroundings: Arc<Surroundings>,
    troubles: Troubles,
    ledger: Ledger,
    begun: Instant,
    /// A batch is being written; nothing else is written meanwhile.
    writing: bool,
    /// Commands that are running.
    running: usize,
    /// A command failed in a run that renders once, where nothing is tried again.
    command_failed: bool,
    ending: Option<(End, Instant)>,
    followed: BTreeSet<Query>,
    watched: BTreeSet<PathBuf>,
    wake: Option<Instant>,
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
            surroundings: Arc::new(Surroundings { variables }),
            troubles: Troubles::default(),
            ledger: Ledger::default(),
            begun: now.instant,
            writing: false,
            running: 0,
            command_failed: false,
            ending: None,
            followed: BTreeSet::new(),
            watched: BTreeSet::new(),
            wake: None,
        }
    }

    /// The first actions.
    pub(super) fn begin(&mut self, now: Moment) -> Vec<Action> {
        let mut actions = self.read_sources(|_| true);
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
        match event {
            Event::Watched(events) => events.into_iter().for_each(|event| self.watched(event, now)),
            Event::FilesChanged(FileEvent { files }) => {
                actions = self.read_sources(|job| job.sources().any(|source| files.contains(source)));
                actions.extend(self.read_files(|path| files.contains(path)));
            }
            Event::SourceRead(job, read) => self.jobs[job].read(read),
            Event::Applied(applied) => {
                self.writing = false;
                for owed in owed(&applied) {
                    self.ledger.owe(owed.command, owed.destinations, now.instant);
                }
                for Applied { job, outcome, .. } in applied {
                    self.jobs[job].applied(outcome, now.instant);
                }
            }
            Event::CommandEnded(command, ended) => self.command_ended(&command.line, ended, now),
            Event::Wish(Wish::Reload) => {
                tracing::info!("reading everything again");
                actions = self.read_sources(|_| true);
                actions.extend(self.read_files(|_| true));
            }
            Event::Wish(Wish::End) if self.ending.is_some() => return vec![Action::End(End::Interrupted)],
            Event::Wish(Wish::End) => {
                tracing::info!("ending");
                self.ending = Some((End::Interrupted, now.instant + FAREWELL));
            }
            Event::Time => {}
        }
        self.go_on(now, &mut actions);
        actions
    }

    fn watched(&mut self, event: WatchEvent, now: Moment) {
        match event {
            WatchEvent::News(query, answer) => {
                self.troubles.recovered(&query, now.instant);
                self.believe(query, answer);
            }
            WatchEvent::Failed(query, error) => self.troubles.failed(query, error, now.instant),
            WatchEvent::Recovered(query) => self.troubles.recovered(&query, now.instant),
        }
    }

    fn believe(&mut self, query: Query, answer: Arc<Answer>) {
        let before = self.snapshot.answer(&query);
        if let Judgement::BelievedLoss { before } = judge(before.map(AsRef::as_ref), &answer) {
            tracing::warn!("{query} went from {before} to nothing");
        } else {
            tracing::debug!("{query} has news");
        }
        for job in &mut self.jobs {
            job.hear_of(&query);
        }
        self.snapshot.record(query, answer);
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
        jobs.map(|(place, job)| Action::ReadSource(place, job.job())).collect()
    }

    fn read_files(&self, wanted: impl Fn(&PathBuf) -> bool) -> Option<Action> {
        let files: Vec<_> = files(&self.followed).filter(|path| wanted(path)).cloned().collect();
        (!files.is_empty()).then_some(Action::ReadFiles(files))
    }

    /// Everything that may follow from whatever just happened.
    fn go_on(&mut self, now: Moment, actions: &mut Vec<Action>) {
        self.wake = None;
        if self.ending.is_none() {
            for job in &mut self.jobs {
                job.render(&self.snapshot, &self.surroundings, now);
            }
            self.follow(actions);
            self.write(now.instant, actions);
        }
        self.run_commands(now.instant, actions);
        if let Some(end) = self.end(now) {
            actions.push(Action::End(end));
        }
    }

    /// Follows what is asked now, and forgets what nobody asks any more.
    fn follow(&mut self, actions: &mut Vec<Action>) {
        let asked: BTreeSet<Query> = self.jobs.iter().flat_map(JobState::asked).cloned().collect();
        let watched: BTreeSet<PathBuf> =
            self.jobs.iter().flat_map(JobState::sources).cloned().chain(files(&asked).cloned()).collect();
        if asked != self.followed {
            let new: Vec<_> =
                files(&asked).filter(|path| !self.followed.contains(&Query::File((*path).clone()))).cloned().collect();
            self.snapshot.retain(|query| asked.contains(query));
            self.troubles.retain(|query| asked.contains(query));
            let remote = asked.iter().filter(|query| !matches!(query, Query::File(_))).cloned().collect();
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
        let company_until = self.begun + COMPANY;
        let in_company = self.ending.is_none() && (self.is_once() || now < company_until);
        let waits = |line: &CommandLine| in_company && self.jobs.iter().any(|job| job.waits_with(line));
        // One after another, in the order of the templates: a command may count on the one before it.
        if self.running == 0
            && let Some(command) = self.ledger.start_next(now, waits)
        {
            self.running += 1;
            actions.push(Action::Run(command));
        }
        if self.running == 0
            && let Some(due) = self.ledger.next_wake()
        {
            let due = if in_company && !self.is_once() { due.max(company_until) } else { due.max(now) };
            wake_at(&mut self.wake, due);
        }
    }

    /// Is it over, and how?
    fn end(&mut self, moment: Moment) -> Option<End> {
        let now = moment.instant;
        if let Some((end, latest)) = self.ending {
            wake_at(&mut self.wake, latest);
            let idle = !self.writing && self.running == 0;
            return (idle || now >= latest).then_some(end);
        }
        let Mode::Once { timeout } = self.mode else { return None };
        let busy = self.writing || self.running > 0;
        if !busy && self.jobs.iter().all(|job| self.is_final(job)) && self.ledger.is_settled() {
            return Some(self.outcome(moment));
        }
        let deadline = self.begun + timeout?;
        if now < deadline {
            wake_at(&mut self.wake, deadline);
            return None;
        }
        if self.jobs.iter().all(|job| job.stage() != Stage::Waiting) {
            // Nothing is missing but the end of a command, which has a limit of its own.
            return None;
        }
        let lacks = self.lacks(moment);
        tracing::error!("{}", missing::Report { after: now - self.begun, lacks: &lacks });
        self.ending = Some((End::TimedOut, now + FAREWELL));
        self.end(moment)
    }

    /// Will this job stay as it is, in a run that renders once?
    fn is_final(&self, job: &JobState) -> bool {
        match job.stage() {
            Stage::Done | Stage::Failed => true,
            Stage::Waiting => job.missing().any(|(query, _)| self.troubles.is_final(query)),
        }
    }

    fn outcome(&self, moment: Moment) -> End {
        let lacks = self.lacks(moment);
        if !lacks.is_empty() {
            tracing::error!("{}", missing::Report { after: Duration::ZERO, lacks: &lacks });
        }
        let done = self.jobs.iter().all(|job| job.stage() == Stage::Done) && !self.command_failed;
        if done { End::Done } else { End::Failed }
    }

    /// What is missing, and where it is asked.
    fn lacks(&self, moment: Moment) -> Vec<Lack> {
        let all = self.jobs.iter().flat_map(|job| job.missing().map(move |(query, absence)| (job, query, absence)));
        let lack = |(job, query, absence): (&JobState, &Query, _)| Lack {
            place: job.place_of(query, &self.snapshot, &self.surroundings, moment),
            query: query.clone(),
            absence,
            trouble: self.troubles.text(query),
        };
        all.map(lack).collect()
    }

    fn is_once(&self) -> bool {
        matches!(self.mode, Mode::Once { .. })
    }
}

fn files(queries: &BTreeSet<Query>) -> impl Iterator<Item = &PathBuf> {
    queries.iter().filter_map(|query| match query {
        Query::File(path) => Some(path),
        _ => None,
    })
}

fn wake_at(wake: &mut Option<Instant>, at: Instant) {
    *wake = Some(wake.map_or(at, |earlier| earlier.min(at)));
}

/// An error and its causes, on one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}
