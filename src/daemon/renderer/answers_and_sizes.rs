//! The accepted answers and their sizes, which outlive the process.

use std::sync::Arc;

use super::restoration::{Restorable, RestorePolicy};
use super::restoration_log::{self, Waiting};
use super::{Action, Renderer};
use crate::daemon::event::{AnswerWrite, LoadedAnswer, Moment, NoAnswer};
use answer_guard::{AnswerSizes, SeenBy};
use consul_watch::query::Query;
use ctmpl_options::config::resolved::Config;

impl Renderer {
    /// Compares the first answers with those that an earlier process has accepted.
    pub(in crate::daemon) fn expect(&mut self, sizes: AnswerSizes) {
        self.answers.expect(sizes);
    }

    /// The sizes of the accepted answers.
    pub(in crate::daemon) fn sizes(&self) -> &Arc<AnswerSizes> {
        self.answers.sizes()
    }

    /// Records the changes of accepted answers, to be written, and uses earlier answers.
    pub(in crate::daemon) fn keep_answers(&mut self, policy: RestorePolicy) {
        self.answers.keep(policy);
    }

    /// Adopts a new configuration. Templates that have used answers of an earlier process wait for those of another server;
    /// their files stay.
    pub(super) fn renew_answers(&mut self, config: &Config) {
        let (policy, server) = (RestorePolicy::of(config), config.consul.client.identity());
        for (query, before) in self.answers.renew(policy, &server) {
            for template in self.templates.all_mut() {
                template.on_answer_lost(&query, Some(&before));
            }
            self.note_failure(&query);
        }
    }

    /// Returns `true` if another server answers with this configuration.
    pub(in crate::daemon) fn is_other_server(&self, config: &Config) -> bool {
        **self.answers.server() != *config.consul.client.identity()
    }

    /// Returns `true` if changes of accepted answers are not written yet.
    pub(in crate::daemon) fn has_unwritten(&self) -> bool {
        !self.answers.unwritten.is_empty()
    }

    /// Removes these changes, to write them.
    pub(in crate::daemon) fn take_unwritten(&mut self, now: Moment) -> AnswerWrite {
        AnswerWrite {
            server: Arc::clone(self.answers.server()),
            changes: self.answers.unwritten.take(),
            current_until: self.answers.current_until(now),
        }
    }

    /// The number of queries of which the answer of an earlier process is in use.
    pub(in crate::daemon) fn restored(&self) -> usize {
        self.answers.snapshot().earlier_answers()
    }

    /// Uses the earlier answers that are needed now, or loads them.
    pub(super) fn restore_answers(&mut self, now: Moment) -> Vec<Action> {
        let templates = self.templates.all();
        let Restorable {
            load,
            show_to_all,
            missing: known,
        } = self.answers.take_restorable(templates, now.instant);
        let mut actions = Vec::new();
        if !load.is_empty() {
            let server = Arc::clone(self.answers.server());
            actions.push(Action::LoadAnswers(server, load));
        }
        let (mut used, mut missing) = (Vec::new(), Vec::new());
        for (query, cause) in &known {
            missing.push((&**query, *cause, self.waiting_for(query)));
        }
        for query in &show_to_all {
            match self
                .answers
                .show_to_all_calls(query, self.templates.all(), now)
            {
                Some(change) => {
                    used.push(&**query);
                    self.accept(change);
                }
                None => missing.push((&**query, NoAnswer::TooSmall, Waiting::OtherCalls)),
            }
        }
        restoration_log::restored(&used);
        restoration_log::missing(missing);
        if !used.is_empty() {
            actions.extend(self.begin_passes(now));
        }
        actions
    }

    /// The templates that wait because all calls would use the earlier answer to a query, and it is missing.
    fn waiting_for(&self, query: &Query) -> Waiting {
        Waiting::of_all(self.answers.guards().held_of(query).is_some())
    }

    /// Uses the earlier answers of a server that were loaded, unless another one answers now.
    pub(super) fn answers_loaded(
        &mut self,
        server: &str,
        all: &[(Arc<Query>, Result<LoadedAnswer, NoAnswer>)],
        now: Moment,
    ) {
        if **self.answers.server() != *server {
            return;
        }
        let (mut used, mut missing) = (Vec::new(), Vec::new());
        for (query, loaded) in all {
            let templates = self.templates.all();
            let loaded = loaded.as_ref().map_err(|cause| *cause);
            match self.answers.on_loaded(query, loaded, templates, now) {
                Some((_, Ok(change))) => {
                    used.push(&**query);
                    self.accept(change);
                }
                Some((SeenBy::All, Err(cause))) => {
                    missing.push((&**query, cause, self.waiting_for(query)));
                }
                Some((SeenBy::StaleCalls, Err(_))) | None => {}
            }
            self.note_failure(query);
        }
        restoration_log::restored(&used);
        restoration_log::missing(missing);
    }
}
