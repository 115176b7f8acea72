//! The parts of the daemon, and the order in which they handle events. No part accesses a file, a
//! socket, a process or the clock.
//!
//! Input: an [`Event`] and its [`Moment`]. Output: [`Action`]s, and the time of the next wake-up.

use std::path::Path;
use std::time::Instant;

use answer_guard::AnswerSizes;
use consul_render::RenderEnv;
use ctmpl_options::config::resolved::{Config, EarlierAnswers};
use group_apply::last_good::Differing;
use group_apply::options::GroupKey;
use group_apply::requests::Requested;

use super::apply::Apply;
use super::child::{ChildPart, Conditions};
use super::credentials::Credentials;
use super::emptiness::EmptyAnswers;
use super::event::{Action, Event, Moment};
use super::keeping::Keeping;
use super::reload::Reload;
use super::renderer::{Renderer, RestorePolicy};
use super::requests::Requests;
use super::shutdown::{Decided, Shutdown, ShutdownView};
use super::size_writes::SizeWrites;
use super::state_dir::{OwedFile, RolledBack};
use super::status::{self, StatusView};
use super::waiting::Waiting;
use crate::report::Report;
use crate::signals::SignalAction;

/// All parts. Each owns its fields. A part may read the parts listed above it.
#[derive(Debug)]
pub(super) struct Parts {
    credentials: Credentials,
    renderer: Renderer,
    apply: Apply,
    child: ChildPart,
    reload: Reload,
    shutdown: Shutdown,
    waiting: Waiting,
    empty: EmptyAnswers,
    requests: Requests,
    size_writes: SizeWrites,
    keeping: Keeping,
}

impl Parts {
    /// Creates the parts for a configuration. `env` has the environment of the process.
    pub(super) fn new(config: &Config, env: RenderEnv, now: Moment) -> Self {
        let renderer = Renderer::new(config, env);
        Self {
            credentials: Credentials::new(&config.consul),
            apply: Apply::new(config, &renderer, now.instant),
            renderer,
            child: ChildPart::new(config),
            reload: Reload::new(config),
            shutdown: Shutdown::new(config, now.instant),
            waiting: Waiting::default(),
            empty: EmptyAnswers::default(),
            requests: Requests::default(),
            size_writes: SizeWrites::default(),
            keeping: Keeping::default(),
        }
    }

    /// Owes the commands that earlier processes owe. Returns the files with their groups.
    pub(super) fn owe(&mut self, owed: Vec<OwedFile>, now: Moment) -> Vec<(GroupKey, OwedFile)> {
        self.apply.owe(owed, now.instant)
    }

    /// Does not repeat the contents that an earlier process has rolled back.
    pub(super) fn quarantine(&mut self, files: &[RolledBack]) {
        self.apply.quarantine(files);
    }

    /// Holds destinations at the contents at which an earlier process held them.
    pub(super) fn hold(&mut self, held: &[Requested], now: Moment) {
        self.apply.resume_holds(held, now.instant);
    }

    /// Takes the requests of the command line to the ledger in this directory.
    pub(super) fn take_requests_to(&mut self, directory: &Path) {
        self.requests = Requests::to(directory);
    }

    /// Compares the first answers with those that an earlier process has accepted.
    pub(super) fn expect(&mut self, sizes: AnswerSizes) {
        self.size_writes = SizeWrites::on();
        self.renderer.expect(sizes);
    }

    /// Writes accepted answers for the next process, and uses the answers of an earlier one.
    pub(super) fn keep_answers(&mut self, policy: RestorePolicy) {
        self.keeping = Keeping::on();
        self.renderer.keep_answers(policy);
    }

    /// Lets the child process start with the files of an earlier process, if they are unchanged.
    pub(super) fn check_last_good(
        &mut self,
        checked: Result<(), Differing>,
        answers: EarlierAnswers,
        now: Moment,
    ) {
        self.child.check_last_good(checked, answers, now.instant);
    }

    /// Returns the first actions.
    pub(super) fn begin(&mut self, now: Moment) -> Vec<Action> {
        let mut actions = self.renderer.begin();
        self.advance(now, &mut actions);
        actions
    }

    /// Handles an event and returns the actions that follow from it.
    pub(super) fn step(&mut self, event: &Event, now: Moment) -> Vec<Action> {
        if let Some(decided) = self.shutdown.handle(event, &self.child, now) {
            return self.end(decided, now);
        }
        let mut actions = Vec::new();
        let is_reload = matches!(
            event,
            Event::ConfigRead(_) | Event::SignalAction(SignalAction::Reload)
        );
        if !(is_reload && self.shutdown.is_ending()) {
            actions.extend(self.credentials.handle(event));
            let write = self.keeping.before_reload(event, &mut self.renderer, now);
            actions.extend(write);
            actions.extend(self.renderer.handle(event, now));
            self.keeping.handle(event, now);
            self.size_writes.handle(event, now.instant);
            actions.extend(self.apply.handle(event, &self.renderer, now));
            actions.extend(self.child.handle(event, now));
            actions.extend(self.reload.handle(event, &self.renderer));
            actions.extend(self.empty.handle(event, &self.renderer));
            if self.requests.are_concerned(event) {
                actions.push(Action::TakeRequests(self.apply.paths()));
            }
        }
        self.advance(now, &mut actions);
        actions
    }

    /// The time of the next wake-up without an event.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let is_ending = self.shutdown.is_ending();
        let rendering = if self.renders() {
            [
                self.renderer.next_wake(),
                self.apply.next_write(&self.renderer),
                self.apply.next_sweep(),
                self.waiting.next_wake(),
            ]
        } else {
            [None; 4]
        };
        let others = [
            self.apply.next_command(&self.renderer, is_ending),
            self.child.next_wake(),
            self.shutdown.next_wake(&self.child),
            self.size_writes.next_wake(),
            self.keeping.next_wake(),
        ];
        rendering.into_iter().chain(others).flatten().min()
    }

    /// The published state of the daemon.
    pub(super) fn report(&self) -> Report {
        status::report(StatusView {
            renderer: &self.renderer,
            apply: &self.apply,
            child: &self.child,
            reload: &self.reload,
            shutdown: &self.shutdown,
            waiting: &self.waiting,
        })
    }

    /// Returns `true` while templates are rendered and written.
    fn renders(&self) -> bool {
        !self.shutdown.is_ending() && !self.child.waits_only_for_child()
    }

    /// Adds the actions that follow from the present state.
    fn advance(&mut self, now: Moment, actions: &mut Vec<Action>) {
        actions.extend(self.apply.confirm_holds());
        if self.renders() {
            actions.extend(self.apply.expire_holds(now.instant));
            for number in self.apply.take_needs_of_rendering() {
                self.renderer.render_again(number);
            }
            let others = self.credentials.files().chain(self.requests.file());
            actions.extend(self.renderer.advance(others, now));
            actions.extend(self.read_deferred_files());
            actions.extend(self.apply.inspect(now));
            actions.extend(self.apply.write(&self.renderer, now.instant));
            self.waiting.advance(&self.renderer, now.instant);
        }
        let parts = ShutdownView {
            renderer: &self.renderer,
            apply: &self.apply,
            child: &self.child,
            empty: &self.empty,
        };
        self.shutdown.advance(parts, now);
        let is_ending = self.shutdown.is_ending();
        if is_ending {
            let signal = self.shutdown.signal();
            actions.extend(self.child.stop(signal, now.instant));
        }
        let commands = self
            .apply
            .run_commands(&self.renderer, is_ending, now.instant);
        actions.extend(commands);
        let conditions = self.conditions_of_child(is_ending);
        actions.extend(self.child.advance(conditions, now));
        let parts = ShutdownView {
            renderer: &self.renderer,
            apply: &self.apply,
            child: &self.child,
            empty: &self.empty,
        };
        let decided = self.shutdown.end(parts, now);
        actions.extend(self.size_writes.advance(self.renderer.sizes(), now.instant));
        actions.extend(self.keeping.advance(&mut self.renderer, now));
        if let Some(decided) = decided {
            actions.extend(self.end(decided, now));
        }
    }

    /// Reads files that templates have written for other templates.
    fn read_deferred_files(&mut self) -> Option<Action> {
        if !self.renderer.has_deferred_files() {
            return None;
        }
        let final_templates = self.apply.final_templates(&self.renderer);
        self.renderer.read_deferred_files(&final_templates)
    }

    /// Ends the process, and names the commands that are still owed.
    fn end(&mut self, decided: Decided, now: Moment) -> Vec<Action> {
        self.apply.warn_of_owed_commands();
        match decided {
            Decided::End(end) => {
                let save = self.size_writes.finish(self.renderer.sizes());
                let keep = self.keeping.finish(&mut self.renderer, now);
                let last = save.into_iter().chain(keep);
                last.chain([Action::End(end)]).collect()
            }
            Decided::Now => vec![Action::EndNow],
        }
    }

    fn conditions_of_child(&self, is_ending: bool) -> Conditions {
        let mut jobs = self.apply.jobs(&self.renderer);
        Conditions {
            may_start: !is_ending && !self.apply.has_failed_command(),
            is_written: jobs.all(|job| job.destination.is_written()),
            is_idle: !self.apply.is_applying()
                && !self.apply.is_running_command()
                && !self.renderer.holds_texts()
                && self.apply.debts().is_tried(),
        }
    }
}

#[cfg(test)]
mod tests;
