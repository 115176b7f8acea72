//! Writes destinations and runs reload commands.
//!
//! Input: rendered texts, results of writes and commands, the time. Output: batches of changes, and commands.

use std::path::Path;
use std::time::Instant;

use super::event::{Action, Event, Moment};
use super::render_pass::PassResult;
use super::renderer::{Renderer, TemplateState};
use crate::apply::ledger::Ledger;
use crate::apply::transaction::{Applied, Effect, owed};
use crate::config::resolved::{CommandConfig, CommandLine, Config, Mode};
use crate::decide::Decision;
use crate::signals::SignalAction;

pub(super) mod commands;
mod destination;

use commands::Commands;
pub(super) use destination::Destination;

/// The destinations of the templates, in the same order, and their owed commands.
#[derive(Debug)]
pub(super) struct Apply {
    mode: Mode,
    kind: Kind,
    destinations: Vec<Destination>,
    batch: Batch,
    commands: Commands,
    /// The number of writes that changed a file.
    files_written: u64,
}

/// The treatment of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Write,
    /// A dry run prints the changes.
    Print,
}

/// The state of the current batch of changes. At most one batch is written at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Batch {
    None,
    InProgress,
}

/// The state of one template and its destination. Shutdown and the status depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobState {
    /// Data is missing, or a pass or a write is outstanding.
    Waiting,
    /// The destination holds the latest text.
    Done,
    /// The source, the rendering or the write failed.
    Failed,
}

/// A template with its destination.
#[derive(Clone, Copy, Debug)]
pub(super) struct JobView<'a> {
    pub(super) template: &'a TemplateState,
    pub(super) destination: &'a Destination,
}

impl JobView<'_> {
    /// The combined state of template and destination.
    pub(super) fn state(self) -> JobState {
        let Self {
            template,
            destination,
        } = self;
        let is_broken = template.is_source_broken() || self.has_failed_permanently();
        let is_current = template.is_current() && template.is_complete();
        if is_broken {
            JobState::Failed
        } else if destination.is_written() && is_current && !destination.has_unwritten_text() {
            JobState::Done
        } else {
            JobState::Waiting
        }
    }

    /// Returns `true` if the rendering failed although all data was available, or the write failed.
    pub(super) fn has_failed_permanently(self) -> bool {
        self.template.is_rendering_broken() || self.destination.is_broken()
    }

    /// Returns `true` if the template has this command and its first write is outstanding.
    fn waits_with(self, line: &CommandLine) -> bool {
        !self.destination.is_written()
            && self.state() == JobState::Waiting
            && self.destination.has_command(line)
    }
}

impl Apply {
    /// Creates the destinations of the templates.
    pub(super) fn new(config: &Config, renderer: &Renderer, now: Instant) -> Self {
        let mode = config.mode;
        let new = |template: &TemplateState| {
            Destination::new(template.number(), template.job().clone(), mode)
        };
        Self {
            mode,
            kind: if config.dry { Kind::Print } else { Kind::Write },
            destinations: renderer.templates().iter().map(new).collect(),
            batch: Batch::None,
            commands: Commands::new(mode, now),
            files_written: 0,
        }
    }

    /// Logs the commands that have not succeeded for the written files, because the process ends.
    pub(super) fn warn_of_owed_commands(&self) {
        self.commands.warn_of_owed();
    }

    /// The templates with their destinations.
    pub(super) fn jobs<'a>(&'a self, renderer: &'a Renderer) -> impl Iterator<Item = JobView<'a>> {
        let pairs = renderer.templates().iter().zip(&self.destinations);
        pairs.map(|(template, destination)| JobView {
            template,
            destination,
        })
    }

    /// The commands that are owed.
    pub(super) fn ledger(&self) -> &Ledger {
        self.commands.ledger()
    }

    /// The number of writes that changed a file.
    pub(super) fn files_written(&self) -> u64 {
        self.files_written
    }

    /// The number of commands that have succeeded.
    pub(super) fn commands_run(&self) -> u64 {
        self.commands.succeeded()
    }

    /// Returns `true` while files are written.
    pub(super) fn is_writing(&self) -> bool {
        self.batch == Batch::InProgress
    }

    /// Returns `true` while a command runs.
    pub(super) fn is_running_command(&self) -> bool {
        self.commands.is_running()
    }

    /// Returns `true` if a command failed that is not retried.
    pub(super) fn has_failed_command(&self) -> bool {
        self.commands.has_failed()
    }

    /// Handles an event. The renderer must have handled it before.
    pub(super) fn handle(&mut self, event: &Event, renderer: &Renderer, now: Moment) {
        match event {
            Event::Rendered(all) => {
                for rendered in all.iter().filter(|rendered| renderer.accepts(rendered)) {
                    let place = position(&self.destinations, rendered.number);
                    if let Some(destination) = place.map(|at| &mut self.destinations[at]) {
                        pass_ended(destination, &rendered.result, now.instant);
                    }
                }
            }
            Event::Applied(applied) => self.applied(applied, now),
            Event::CommandEnded(command, ended) => self.commands.ended(&command.line, ended, now),
            Event::ConfigRead(Ok(_)) => self.renew(renderer, now.instant),
            Event::SignalAction(SignalAction::Reload) => self.retry_now(now.instant),
            _ => {}
        }
    }

    /// Retries failed writes and commands without further delay.
    fn retry_now(&mut self, now: Instant) {
        for destination in &mut self.destinations {
            destination.retry_now(now);
        }
        self.commands.retry_now(now);
    }

    /// Returns the changes to write now.
    pub(super) fn write(&mut self, renderer: &Renderer, now: Instant) -> Option<Action> {
        if self.is_writing() || renderer.holds_texts() {
            return None;
        }
        let is_ordered = self.kind == Kind::Print && matches!(self.mode, Mode::Once { .. });
        let pairs = self.destinations.iter_mut().zip(renderer.templates());
        let changes: Vec<_> = pairs
            .map(|(destination, template)| {
                let decided = destination.decide(template.is_complete(), now);
                (destination, decided == Some(Decision::Apply), template)
            })
            // A dry run with `-once` prints in the order of the templates.
            .take_while(|(destination, applies, template)| {
                !is_ordered
                    || *applies
                    || destination.is_written()
                    || destination.is_broken()
                    || template.is_rendering_broken()
            })
            .filter(|(_, applies, _)| *applies)
            .filter_map(|(destination, ..)| destination.begin_write())
            .collect();
        if changes.is_empty() {
            return None;
        }
        self.batch = Batch::InProgress;
        Some(match self.kind {
            Kind::Write => Action::Write(changes),
            Kind::Print => Action::Print(changes),
        })
    }

    /// Returns the command to run now. Commands run after all files of a pass are written.
    pub(super) fn run_command(
        &mut self,
        renderer: &Renderer,
        is_ending: bool,
        now: Instant,
    ) -> Option<Action> {
        if self.is_writing() || (renderer.holds_texts() && !is_ending) {
            return None;
        }
        let pairs = renderer.templates().iter().zip(&self.destinations);
        let waits = |line: &CommandLine| {
            pairs.clone().any(|(template, destination)| {
                let job = JobView {
                    template,
                    destination,
                };
                job.waits_with(line)
            })
        };
        let command = self.commands.start_next(is_ending, waits, now);
        command.map(Action::Run)
    }

    /// The time of the next write.
    pub(super) fn next_write(&self, renderer: &Renderer) -> Option<Instant> {
        if self.is_writing() || renderer.holds_texts() {
            return None;
        }
        let pairs = self.destinations.iter().zip(renderer.templates());
        let due = |(destination, template): (&Destination, &TemplateState)| {
            destination.next_wake(template.is_complete())
        };
        pairs.filter_map(due).min()
    }

    /// The time of the next command.
    pub(super) fn next_command(&self, renderer: &Renderer, is_ending: bool) -> Option<Instant> {
        if self.is_writing() || (renderer.holds_texts() && !is_ending) {
            return None;
        }
        self.commands.next_wake()
    }

    /// Handles the end of a batch.
    fn applied(&mut self, applied: &[Applied], now: Moment) {
        self.batch = Batch::None;
        // If a reload has replaced the template meanwhile, its file owes the command of the new
        // one.
        let destinations = &self.destinations;
        let of_file = |path: &Path| {
            let mut all = destinations.iter();
            all.find(|destination| destination.job().destination.as_deref() == Some(path))
        };
        let command_of = |applied: &Applied| {
            let place = position(destinations, applied.job);
            let destination = place
                .map(|at| &destinations[at])
                .or_else(|| of_file(&applied.destination));
            destination.and_then(|destination| destination.job().command.as_ref())
        };
        for owed in owed(applied, command_of) {
            let rank = rank(destinations, owed.command);
            self.commands
                .owe(owed.command, rank, owed.destinations, now.instant);
        }
        for Applied { job, outcome, .. } in applied {
            if matches!(outcome, Ok(Effect::Written)) {
                self.files_written += 1;
            }
            if let Some(at) = position(&self.destinations, *job) {
                self.destinations[at].applied(outcome, now);
            }
        }
    }

    /// Adopts a new configuration, which the renderer must have adopted before. A destination
    /// continues if the number of its template is unchanged.
    fn renew(&mut self, renderer: &Renderer, now: Instant) {
        let mut before = std::mem::take(&mut self.destinations);
        for template in renderer.templates() {
            let (number, job) = (template.number(), template.job().clone());
            let place = before
                .iter()
                .position(|destination| destination.number() == number);
            self.destinations.push(match place {
                Some(place) => before.swap_remove(place).renewed(job, self.mode),
                None => Destination::new(number, job, self.mode),
            });
        }
        let destinations = &self.destinations;
        self.commands.renew(now, |path| {
            let mut all = destinations.iter();
            let own = all.find(|own| own.job().destination.as_deref() == Some(path))?;
            let command = own.job().command.clone()?;
            let rank = rank(destinations, &command);
            Some((command, rank))
        });
    }
}

fn pass_ended(destination: &mut Destination, result: &PassResult, now: Instant) {
    match result {
        PassResult::Ended(pass) => match &pass.text {
            _ if !pass.dependencies.is_complete() => {}
            Ok(text) => destination.rendered(text.clone(), now),
            Err(_) => destination.template_failed(),
        },
        PassResult::Overdue { .. } | PassResult::Refused(_) => destination.template_failed(),
        PassResult::Returned => {}
    }
}

/// The index of the destination whose template has this number; `None` if a reload removed it.
fn position(destinations: &[Destination], number: usize) -> Option<usize> {
    // Without a reload, the number is the index.
    let is_at = |at: &usize| {
        let destination = destinations.get(*at);
        destination.is_some_and(|destination| destination.number() == number)
    };
    let place = Some(number).filter(is_at);
    place.or_else(|| (0..destinations.len()).find(is_at))
}

/// The rank of a command: the index of the first template that has it.
fn rank(destinations: &[Destination], command: &CommandConfig) -> usize {
    let mut all = destinations.iter();
    all.position(|destination| destination.has_command(&command.line))
        .unwrap_or_default()
}
