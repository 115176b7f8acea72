//! A destination that is held: it keeps an earlier content, whatever its template renders.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use super::Destination;
use crate::apply::requests::HeldContent;
use crate::daemon::apply::pending::{Hold, Next, Pending, Rendering};
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

    /// Holds the destination at a content.
    pub(in crate::daemon::apply) fn hold(&mut self, held: &HeldContent, now: Instant) {
        let HeldContent {
            text,
            generation,
            until,
        } = held;
        let rendered = match self.hold.take() {
            Some(earlier) => earlier.rendered,
            None => self.unwritten_text(),
        };
        let text = Arc::new(Text::new(text.clone(), Vec::new()));
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
            until,
            rendered,
        });
    }

    /// Returns the same destination, held as the file was in the configuration before, if it was. The text of the
    /// template at that time is obsolete.
    pub(in crate::daemon::apply) fn keeping_hold(mut self, before: &[Self], now: Instant) -> Self {
        let mut before = before.iter();
        let same = before.find(|old| old.job.destination == self.job.destination);
        if let Some(hold) = same.and_then(|same| same.hold.as_ref()) {
            self.hold(&hold.held, now);
        }
        self
    }

    /// Releases the destination if its hold is over.
    pub(in crate::daemon::apply) fn expire_hold(&mut self, now: Instant) {
        if self.hold_end().is_some_and(|end| end <= now) {
            self.release(now);
        }
    }

    /// Lets the template write the destination again.
    pub(in crate::daemon::apply) fn release(&mut self, now: Instant) {
        let Some(hold) = self.hold.take() else { return };
        let (template, destination) = self.names();
        tracing::info!(
            name: "file.released", template, destination,
            "{destination} is released: {template} writes it again"
        );
        match hold.rendered {
            Some(rendered) => self.rendered(rendered, now),
            None => self.rendering = Rendering::Needed,
        }
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
