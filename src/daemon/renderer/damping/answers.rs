//! Adds to each change what templates with flap damping see of it.

use std::sync::Arc;

use super::log;
use super::rules::DampingRules;
use crate::daemon::event::Moment;
use crate::daemon::renderer::answer_change::{AnswerChange, AnswerStatus, Changes, ViewChange};
use crate::daemon::renderer::answers::Answers;
use crate::daemon::renderer::template_state::TemplateState;
use answer_guard::{Clocks, SavedDamping, View};
use consul_watch::answer::Answer;
use consul_watch::query::Query;

impl Answers {
    /// Counts the toggles of instances in an accepted answer, and adds to the change what templates with flap damping see
    /// of it.
    pub(in crate::daemon::renderer) fn damp(
        &mut self,
        mut change: AnswerChange,
        templates: &[TemplateState],
        now: Moment,
    ) -> AnswerChange {
        let query = Arc::clone(&change.query);
        let Some(rules) = DampingRules::of(templates, &query) else {
            return change;
        };
        let is_accepted = matches!(
            change.status,
            AnswerStatus::Accepted | AnswerStatus::Restored(_)
        );
        if is_accepted {
            self.count_toggles(&query, rules, &change.after, now);
            self.save_damping(&query, now);
        }
        let damped = self.dampers.apply(&query, &change.after);
        let is_beside_held = change.status != AnswerStatus::Accepted
            && is_accepted
            && self.snapshot.held(&query).is_some();
        let views = match is_accepted {
            true if is_beside_held => &[View::Accepted][..],
            true => &[View::Accepted, View::Latest],
            false => &[View::Latest],
        };
        let mut known = views.iter();
        if damped.is_some() || known.any(|view| self.snapshot.damped_in(*view, &query).is_some()) {
            let after = damped.as_ref().unwrap_or(&change.after);
            let changes = views.iter().filter_map(|view| {
                let before = self.snapshot.damped_in(*view, &query);
                let before = before.or_else(|| self.snapshot.answer_in(*view, &query));
                // Not all calls have seen an answer that is only for calls that use stale answers.
                let is_seen = !self.snapshot.is_for_stale_calls(*view, &query);
                let before = before.filter(|_| is_seen);
                (before != Some(after)).then(|| ViewChange {
                    view: Some(*view),
                    before: before.cloned(),
                    after: Arc::clone(after),
                })
            });
            change.changes.damped = Some(changes.collect());
            change.damped = damped;
        }
        change
    }

    /// Counts the toggles since the answer before. With the first answer that is damped, damps what an earlier process has
    /// damped.
    fn count_toggles(
        &mut self,
        query: &Arc<Query>,
        rules: DampingRules,
        after: &Answer,
        now: Moment,
    ) {
        let config = rules.config;
        let saved = self.sizes.damped(query);
        if !saved.is_empty() && !self.dampers.has(query) {
            if self
                .dampers
                .restore(query, rules, (saved, after), clocks(now))
            {
                log::restored(query, self.dampers.damped_of(query), &config);
            }
            return;
        }
        if let Some(before) = self.snapshot.answer(query) {
            let answers = [&**before, after];
            let flaps = self.dampers.observe(query, rules, answers, now.instant);
            log::flaps(query, &flaps, Some(&config), now.time);
        }
    }

    /// Keeps the damped instances of a query for the next process.
    fn save_damping(&mut self, query: &Query, now: Moment) {
        let damped = self.dampers.save(query, clocks(now));
        let is_saved = SavedDamping::are_same(&damped, self.sizes.damped(query));
        if !is_saved || self.sizes.has_aged(query) {
            Arc::make_mut(&mut self.sizes).set_damped(query, damped);
        }
    }

    /// Ends the damping of instances that have been stable for long enough, and of those whose damping no template requires.
    /// Returns what templates with flap damping see of it.
    pub(in crate::daemon::renderer) fn end_damping(
        &mut self,
        templates: &[TemplateState],
        now: Moment,
    ) -> Vec<(Arc<Query>, Changes)> {
        let queries: Vec<_> = self.dampers.queries().cloned().collect();
        let mut all = Vec::new();
        for query in queries {
            let rules = DampingRules::of(templates, &query);
            let config = rules.as_ref().map(|rules| rules.config);
            if let Some(flaps) = self.dampers.reconsider(&query, rules, now.instant) {
                log::flaps(&query, &flaps, config.as_ref(), now.time);
                self.save_damping(&query, now);
                let changes = Changes {
                    raw: Vec::new(),
                    damped: Some(self.damp_again(&query)),
                };
                all.push((query, changes));
            }
        }
        all
    }

    /// Damps the present answers to a query as it is required now. Returns the changes.
    fn damp_again(&mut self, query: &Query) -> Vec<ViewChange> {
        let views = match self.snapshot.held(query) {
            Some(_) => &[View::Accepted, View::Latest][..],
            None => &[View::Accepted],
        };
        let mut changes = Vec::new();
        for view in views {
            let Some(raw) = self.snapshot.answer_in(*view, query).cloned() else {
                continue;
            };
            let damped = self.dampers.apply(query, &raw);
            let before = self.snapshot.damped_in(*view, query).unwrap_or(&raw);
            let after = damped.as_ref().unwrap_or(&raw);
            if before != after {
                // An answer that is not held back is the latest one, too.
                let is_both = views.len() == 1;
                changes.push(ViewChange {
                    view: (!is_both).then_some(*view),
                    before: Some(Arc::clone(before)),
                    after: Arc::clone(after),
                });
            }
            self.snapshot.damp(*view, query, damped);
        }
        changes
    }
}

fn clocks(now: Moment) -> Clocks {
    let Moment { instant, time, .. } = now;
    Clocks { instant, time }
}
