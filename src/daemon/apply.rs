//! Writes destinations and runs reload commands.
//!
//! Input: rendered texts, results of writes, checks and commands, the time. Output: the steps of groups, and commands.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use apply_ledger::Ending;
use ctmpl_options::config::resolved::{Config, Mode};
use error_line::chain;
use group_apply::debts::Debts;
use group_apply::options::{GroupConfig, GroupKey};
use group_apply::requests::Requested;

use super::event::{Action, Event, Moment};
use super::process::Renewal;
use super::renderer::{Renderer, TemplateState};
use crate::signals::SignalAction;

pub(super) mod commands;
mod destination;
mod drift;
mod earlier;
mod final_templates;
mod groups;
mod holds;
mod inspections;
mod job_view;
mod lookup;
mod pending;
mod printing;
mod remedy;
mod results;
mod succession;

use commands::Commands;
pub(super) use destination::Destination;
use drift::Sweep;
use groups::Groups;
pub(super) use job_view::{JobState, JobView};
use lookup::{pass_ended, position, rank};
use printing::Printing;

/// The destinations of the templates, in the same order, and their owed commands.
#[derive(Debug)]
pub(super) struct Apply {
    mode: Mode,
    kind: Kind,
    destinations: Vec<Destination>,
    groups: Groups,
    /// The batch of a dry run.
    printing: Printing,
    commands: Commands,
    /// The groups whose command has ended while their next files were swapped.
    unrecorded: BTreeMap<GroupKey, Ending>,
    sweep: Sweep,
    /// The number of writes that changed a file.
    files_written: u64,
    /// The time of the last decision about writes.
    decided: Instant,
}

/// The treatment of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Write,
    /// A dry run prints the changes.
    Print,
}

impl Apply {
    /// Creates the destinations of the templates.
    pub(super) fn new(config: &Config, renderer: &Renderer, now: Instant) -> Self {
        let mode = config.mode;
        let new = |template: &TemplateState| {
            Destination::new(template.number(), template.job().clone(), mode)
        };
        let destinations: Vec<_> = renderer.templates().iter().map(new).collect();
        Self {
            mode,
            kind: if config.dry { Kind::Print } else { Kind::Write },
            groups: Groups::of(&destinations),
            destinations,
            printing: Printing::Idle,
            commands: Commands::new(mode, now),
            unrecorded: BTreeMap::new(),
            sweep: Sweep::beginning(now),
            files_written: 0,
            decided: now,
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
    pub(super) fn debts(&self) -> &Debts {
        self.commands.debts()
    }

    /// The number of writes that changed a file.
    pub(super) fn files_written(&self) -> u64 {
        self.files_written
    }

    /// The number of runs of commands that have succeeded.
    pub(super) fn commands_run(&self) -> u64 {
        self.commands.succeeded()
    }

    /// Returns `true` while files are written or checked.
    pub(super) fn is_applying(&self) -> bool {
        self.printing == Printing::InProgress || self.groups.are_applying()
    }

    /// Returns `true` if a command is owed or runs.
    #[cfg(test)]
    pub(super) fn is_owed(&self) -> bool {
        !self.debts().is_settled()
    }

    /// Returns `true` while a command runs.
    pub(super) fn is_running_command(&self) -> bool {
        self.commands.is_running()
    }

    /// Returns `true` if a command failed that is not retried.
    pub(super) fn has_failed_command(&self) -> bool {
        self.commands.has_failed()
    }

    /// Returns `true` if a command failed whose failure ends the process.
    pub(super) fn has_failed_fatally(&self) -> bool {
        self.commands.has_failed_fatally()
    }

    /// Handles an event. The renderer must have handled it before.
    pub(super) fn handle(
        &mut self,
        event: &Event,
        renderer: &Renderer,
        now: Moment,
    ) -> Vec<Action> {
        match event {
            Event::Rendered(all) => {
                for rendered in all.iter().filter(|rendered| renderer.accepts(rendered)) {
                    let place = position(&self.destinations, rendered.number);
                    if let Some(destination) = place.map(|at| &mut self.destinations[at]) {
                        pass_ended(destination, &rendered.result, now.instant);
                    }
                }
            }
            Event::Applied(applied) => return self.applied(applied, now),
            Event::FilesChanged(changed) => self.files_changed(changed),
            Event::Inspected(results) => self.inspected(results, now),
            Event::WritesAreSlow => self.groups.writes_are_slow(),
            Event::Staged(key, staged) => {
                let step = self.groups.staged(key, staged, &self.destinations);
                return step.into_iter().collect();
            }
            Event::Checked(key, checked) => return self.checked(key, checked, now),
            Event::CommandEnded(key, ended) => {
                let error = ended.as_ref().err().map(|failure| chain(&failure.error));
                return self.run_ended(key, error, now, |commands, restores| {
                    commands.ended(key, ended, restores, now)
                });
            }
            Event::Verified(key, verified) => {
                let error = verified.as_ref().err();
                let error = error.map(|it| format!("the verification failed: {}", it.error));
                return self.run_ended(key, error, now, |commands, restores| {
                    commands.verified(key, verified, restores, now)
                });
            }
            Event::Restored(key, restored) => self.restored(key, restored, now),
            Event::RequestsTaken(all) => return self.take_requests(all, now.instant),
            Event::ConfigRead(read) => {
                let transfers = match read {
                    Ok(new) => self.renew(renderer, new, now.instant),
                    Err(_) => Vec::new(),
                };
                // Not at the signal: the new configuration may not have the command any more.
                self.commands.retry_now(now.instant);
                return transfers;
            }
            Event::SignalAction(SignalAction::Reload) => self.retry_files_now(now.instant),
            _ => {}
        }
        Vec::new()
    }

    /// Retries failed writes and checks without further delay.
    fn retry_files_now(&mut self, now: Instant) {
        for destination in &mut self.destinations {
            destination.retry_now(now);
        }
        self.groups.retry_now(now);
    }

    /// Returns the steps that begin now.
    pub(super) fn write(&mut self, renderer: &Renderer, now: Instant) -> Vec<Action> {
        if renderer.holds_texts() {
            return Vec::new();
        }
        self.decided = now;
        match self.kind {
            Kind::Print => {
                let is_ordered = matches!(self.mode, Mode::Once { .. });
                let changes =
                    self.printing
                        .begin(&mut self.destinations, renderer, is_ordered, now);
                changes.map(Action::Print).into_iter().collect()
            }
            Kind::Write => {
                let (destinations, commands) = (&mut self.destinations, &self.commands);
                self.groups
                    .write(destinations, renderer.templates(), commands.debts(), now)
            }
        }
    }

    /// Returns the commands to run now. Commands run after all files of a pass are written.
    pub(super) fn run_commands(
        &mut self,
        renderer: &Renderer,
        is_ending: bool,
        now: Instant,
    ) -> Vec<Action> {
        if self.delays_commands(renderer, is_ending) {
            return Vec::new();
        }
        let pairs = renderer.templates().iter().zip(&self.destinations);
        let waits = |group: &GroupConfig| {
            pairs.clone().any(|(template, destination)| {
                let job = JobView {
                    template,
                    destination,
                };
                job.waits_with(group)
            })
        };
        let is_changing = |group: &GroupConfig| self.groups.delay_command_of(group);
        self.commands.start(is_ending, waits, is_changing, now)
    }

    /// Returns `true` if a command could run before files that belong to the same change are
    /// written.
    fn delays_commands(&self, renderer: &Renderer, is_ending: bool) -> bool {
        self.groups.delay_commands() || (renderer.holds_texts() && !is_ending)
    }

    /// The time of the next write.
    pub(super) fn next_write(&self, renderer: &Renderer) -> Option<Instant> {
        if renderer.holds_texts() || self.printing == Printing::InProgress {
            return None;
        }
        if self.kind == Kind::Write {
            let (templates, debts) = (renderer.templates(), self.commands.debts());
            let ends = self.destinations.iter().filter_map(Destination::hold_end);
            let writes = self
                .groups
                .next_write(&self.destinations, templates, debts, self.decided);
            return ends.chain(writes).min();
        }
        let pairs = self.destinations.iter().zip(renderer.templates());
        let due = pairs.filter_map(|(own, template)| own.next_wake(template.is_complete()));
        due.min()
    }

    /// The time of the next command.
    pub(super) fn next_command(&self, renderer: &Renderer, is_ending: bool) -> Option<Instant> {
        if self.delays_commands(renderer, is_ending) {
            return None;
        }
        self.commands.next_wake()
    }

    /// Adopts a new configuration, which the renderer must have adopted before. A destination
    /// continues if the number of its template is unchanged. A hold continues if the file is the same. `new`
    /// has the holds in the ledger, for the files that the configuration before did not have.
    fn renew(&mut self, renderer: &Renderer, new: &Renewal, now: Instant) -> Vec<Action> {
        let groups_before = succession::groups(&self.destinations);
        let not_kept = self.not_kept(&new.replaced);
        let mut before = std::mem::take(&mut self.destinations);
        for template in renderer.templates() {
            let (number, job) = (template.number(), template.job().clone());
            let place = before
                .iter()
                .position(|destination| destination.number() == number);
            self.destinations.push(match place {
                Some(place) => before.swap_remove(place).renewed(job, self.mode),
                None => Destination::new(number, job, self.mode).keeping_hold(&before, now),
            });
        }
        let mut actions = self.refuse_removed_holds(before);
        let held = new.held.iter();
        let is_new = |held: &&Requested| !groups_before.contains_key(&held.destination);
        let held: Vec<_> = held.filter(is_new).cloned().collect();
        self.resume_holds(&held, now);
        actions.extend(self.groups.renew(&self.destinations, now));
        actions.extend(self.keep_replaced(not_kept));
        self.groups.retry_now(now);
        let groups = succession::groups(&self.destinations);
        for (before, group) in succession::successors(&groups_before, &groups) {
            self.commands.succeed(before, group, now);
        }
        let destinations = &self.destinations;
        actions.extend(self.commands.renew(now, |path| {
            let own = lookup::of_file(destinations, path)?;
            let group = Some(own.group()).filter(|group| group.has_effect())?;
            Some((Arc::clone(group), rank(destinations, &group.key)))
        }));
        actions
    }
}
