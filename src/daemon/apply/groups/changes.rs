//! The changes with which a group begins to write, and what is refused after them.
//!
//! While a request waits for a hold of the group, a text that was refused before is skipped: the request is about another
//! file, and would fail because of it.

use std::time::Instant;

use group_apply::change::Change;
use group_apply::group::Step;

use super::entry::{Entry, Write};
use crate::daemon::apply::destination::Destination;
use crate::daemon::event::Moment;
use crate::daemon::renderer::TemplateState;
use crate::decide::Decision;

impl Entry {
    /// Begins to write the texts that are due.
    pub(super) fn text_changes(
        &mut self,
        destinations: &mut [Destination],
        templates: &[TemplateState],
        now: Instant,
    ) -> Vec<Change> {
        let mut members = self.members.iter().map(|at| &destinations[*at]);
        let is_requested = members.any(Destination::has_hold_request);
        self.has_skipped = false;
        let mut changes = Vec::new();
        for at in &self.members {
            let own = &mut destinations[*at];
            if own.decide(templates[*at].is_complete(), now) != Some(Decision::Apply) {
                continue;
            }
            if is_requested && own.has_refused_text() {
                self.has_skipped = true;
            } else {
                changes.extend(own.begin_write(now));
            }
        }
        changes
    }

    /// Begins to restore the files that other programs have changed, and that are due.
    pub(super) fn restoring_changes(
        &mut self,
        destinations: &mut [Destination],
        now: Instant,
    ) -> Vec<Change> {
        self.has_skipped = false;
        let mut changes = Vec::new();
        for at in &self.members {
            let due = destinations[*at].restores_at();
            if due.is_some_and(|due| due <= now) {
                changes.extend(destinations[*at].begin_restoration());
            }
        }
        changes
    }

    /// Handles a failed check. Returns the step that follows, and whether this content has failed before.
    pub(super) fn check_failed(
        &mut self,
        content: u64,
        error: &str,
        now: Moment,
    ) -> (Option<Step>, bool) {
        let refusal = Some(format!("the check failed: {error}"));
        let group = &mut self.group;
        if self.write == Write::Restoration {
            self.drift_refusal = refusal;
            let is_repeated = group.has_refused_drift(content);
            let step = group.drift_failed(content, now.instant, now.jitter);
            (step, is_repeated)
        } else {
            self.refusal = refusal;
            let is_repeated = group.has_refused(content);
            let step = group.failed(content, now.instant, now.jitter);
            (step, is_repeated)
        }
    }

    /// The reason for which the latest content is not in the files, or a file that another program has changed is not
    /// restored.
    pub(super) fn reported_refusal(&self, destinations: &[Destination]) -> Option<String> {
        let mut members = self.members.iter().map(|at| &destinations[*at]);
        let is_restored = members.any(|own| own.restored_text().is_some());
        let of_drift = self.drift_refusal.as_ref().filter(|_| is_restored);
        self.refusal.as_ref().or(of_drift).cloned()
    }

    /// Handles the end of a write: a text that was skipped is still refused.
    pub(super) fn refuse_skipped(&mut self) {
        if !self.has_skipped {
            self.refusal = None;
            return;
        }
        let Some(content) = self.begun else { return };
        let before = self.before_hold.as_ref();
        match before.and_then(|before| Some((before.refused?, before.refusal.clone()))) {
            Some((refused, refusal)) => {
                self.group.keep_refused(refused, content);
                self.refusal = refusal;
            }
            None => self.group.quarantined(content),
        }
    }

    /// Handles a refused content: if a request for a hold waits that is not the reason, the content was refused before it.
    pub(super) fn refused_before_hold(&mut self, destinations: &[Destination]) {
        let mut members = self.members.iter().map(|at| &destinations[*at]);
        let is_of_request =
            |own: &Destination| own.has_requested_content() || own.is_writing_requested_content();
        if let Some(before) = &mut self.before_hold
            && !members.any(is_of_request)
        {
            before.refused = self.group.failure();
            before.refusal.clone_from(&self.refusal);
        }
    }
}
