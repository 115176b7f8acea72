//! A destination that is held: it keeps an earlier content, whatever its template renders.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use group_apply::hold_results::{HoldOutcome, HoldRequest, HoldResult, log_refused};
use group_apply::requests::HeldContent;
use jiff::Timestamp;

use super::Destination;
use crate::daemon::apply::pending::{Candidate, Hold, Next, Pending, Rendering};
use crate::daemon::text::Text;

impl Destination {
    /// Returns `true` once if the template has to be rendered, because its last text was dropped.
    pub(in crate::daemon::apply) fn take_need_of_rendering(&mut self) -> bool {
        std::mem::replace(&mut self.rendering, Rendering::Done) == Rendering::Needed
    }

    /// Returns `true` while the destination is held.
    pub(crate) fn is_held(&self) -> bool {
        self.hold.is_some()
    }

    /// The end of the hold.
    pub(in crate::daemon::apply) fn hold_end(&self) -> Option<Instant> {
        self.hold.as_ref()?.until
    }

    /// Holds the destination at a content. Returns the result of an earlier request that is replaced.
    pub(in crate::daemon::apply) fn hold(
        &mut self,
        held: &HeldContent,
        request: Option<HoldRequest>,
        now: Instant,
    ) -> Option<HoldResult> {
        let replaced = self.hold_result(HoldOutcome::Replaced);
        let HeldContent {
            text,
            generation,
            until,
        } = held;
        let (rendered, earlier) = match self.hold.take() {
            Some(before) if replaced.is_some() => (before.rendered, before.earlier),
            Some(before) => (before.rendered, Some(before.held)),
            None => (self.unwritten_text(), None),
        };
        let text = Arc::new(Text::new(text.clone(), Vec::new()));
        let fingerprint = text.fingerprint;
        self.rendered(text, now);
        let end = until.and_then(|until| Timestamp::try_from(until).ok());
        let end = end.map_or_else(
            || "it is released".to_owned(),
            |end| end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        );
        let until = until.map(|until| now + from_now(until));
        let (_, destination) = self.names();
        tracing::warn!(
            name: "file.held", destination, generation,
            "{destination} keeps generation {generation}, whatever its template renders, until {end}"
        );
        self.hold = Some(Hold {
            held: held.clone(),
            fingerprint,
            request,
            earlier,
            until,
            rendered,
        });
        replaced
    }

    /// Returns the same destination, held as the file was in the configuration before, if it was. The text of the
    /// template at that time is obsolete.
    pub(in crate::daemon::apply) fn keeping_hold(mut self, before: &[Self], now: Instant) -> Self {
        let mut before = before.iter();
        let same = before.find(|old| old.job.destination == self.job.destination);
        if let Some(hold) = same.and_then(|same| same.hold.as_ref()) {
            self.hold(&hold.held, hold.request.clone(), now);
            if let Some(own) = &mut self.hold {
                own.earlier.clone_from(&hold.earlier);
            }
        }
        self
    }

    /// Returns `true` if a request waits for the result of the hold.
    pub(in crate::daemon::apply) fn has_hold_request(&self) -> bool {
        self.requested_text().is_some()
    }

    /// Returns `true` if a request waits for the result of the hold, and the file has its content.
    pub(in crate::daemon::apply) fn has_requested_content(&self) -> bool {
        let requested = self.requested_text();
        matches!(self.pending, Pending::Nothing)
            && requested.is_some()
            && requested == self.file.text()
    }

    /// Returns `true` if a request waits for the result of the hold, and its content is being written.
    pub(in crate::daemon::apply) fn is_writing_requested_content(&self) -> bool {
        matches!(&self.pending, Pending::Writing(own, _) if Some(own.text.fingerprint) == self.requested_text())
    }

    /// The fingerprint of the held content, if a request waits for its result.
    fn requested_text(&self) -> Option<u64> {
        let hold = self.hold.as_ref().filter(|hold| hold.request.is_some())?;
        Some(hold.fingerprint)
    }

    /// Ends the request of the hold. Returns its result; `None` if no request waits for it.
    pub(in crate::daemon::apply) fn hold_result(
        &mut self,
        outcome: HoldOutcome,
    ) -> Option<HoldResult> {
        let hold = self.hold.as_mut()?;
        Some(HoldResult {
            request: hold.request.take()?,
            generation: hold.held.generation,
            until: hold.held.until,
            outcome,
        })
    }

    /// Handles a held content that cannot be applied: the hold before continues, or the template writes the file again.
    /// Returns the result; `None` if no request waits for it.
    pub(in crate::daemon::apply) fn refuse_hold(
        &mut self,
        reason: &str,
        now: Instant,
    ) -> Option<HoldResult> {
        let hold = self.hold.as_mut()?;
        hold.request.as_ref()?;
        let is_active = |held: &HeldContent| held.until.is_none_or(|end| end > SystemTime::now());
        let earlier = hold.earlier.take().filter(is_active);
        let result = self.hold_result(HoldOutcome::Refused {
            reason: reason.to_owned(),
            earlier: earlier.as_ref().map(|held| held.generation),
        });
        let hold = self.hold.take()?;
        let (generation, destination) = (hold.held.generation, self.names().1);
        log_refused(&destination, generation, reason);
        // The refused text must not be written again.
        self.template_failed();
        let is_refused = |own: &Candidate| own.text.fingerprint == hold.fingerprint;
        self.applied.take_if(|own| is_refused(own));
        match (earlier, hold.rendered) {
            (Some(earlier), rendered) => {
                self.hold(&earlier, None, now);
                if let Some(own) = &mut self.hold {
                    own.rendered = rendered;
                }
            }
            (None, Some(rendered)) => self.rendered(rendered, now),
            (None, None) => self.rendering = Rendering::Needed,
        }
        result
    }

    /// Releases the destination if its hold is over. Returns the result of a request that waits for the hold.
    pub(in crate::daemon::apply) fn expire_hold(&mut self, now: Instant) -> Option<HoldResult> {
        let is_over = self.hold_end().is_some_and(|end| end <= now);
        if !is_over {
            return None;
        }
        let result = self.hold_result(HoldOutcome::Expired);
        self.release(now);
        result
    }

    /// Lets the template write the destination again. Returns the result of a request that waits for the hold.
    pub(in crate::daemon::apply) fn release(&mut self, now: Instant) -> Option<HoldResult> {
        let result = self.hold_result(HoldOutcome::Replaced);
        let hold = self.hold.take()?;
        let (template, destination) = self.names();
        tracing::info!(
            name: "file.released", template, destination,
            "{destination} is released: {template} writes it again"
        );
        match hold.rendered {
            Some(rendered) => self.rendered(rendered, now),
            None => self.rendering = Rendering::Needed,
        }
        result
    }

    /// The text that is not in the file yet.
    fn unwritten_text(&self) -> Option<Arc<Text>> {
        match &self.pending {
            Pending::Nothing | Pending::Writing(_, Next::Dropped) => None,
            Pending::Waiting(text)
            | Pending::Writing(text, Next::Nothing)
            | Pending::Writing(_, Next::Text(text)) => Some(Arc::clone(&text.text)),
        }
    }
}

/// The time from now to a time of the wall clock.
fn from_now(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::now()).unwrap_or_default()
}
