//! A text that is above the change budget: it is parked, and the last good file stays.

use std::time::Instant;

use super::{Destination, Verdict};
use crate::apply::budget::Excess;
use crate::config::resolved::{MaxChange, Mode};
use crate::daemon::apply::pending::{Candidate, InFile, Parked};
use crate::daemon::event::Moment;
use crate::report::ParkedReport;

impl Destination {
    /// The text that is parked, for the report.
    pub(crate) fn parked(&self) -> Option<ParkedReport> {
        let Excess { removed, lines } = self.parked.as_ref()?.excess;
        Some(ParkedReport { removed, lines })
    }

    /// Returns `true` if the text that is to be written is parked.
    pub(in crate::daemon::apply) fn is_parked(&self) -> bool {
        let parked = self.parked.as_ref();
        parked.is_some_and(|parked| Some(parked.text) == self.latest())
    }

    /// The time at which the parked text is released; `None`: only another text is written.
    pub(in crate::daemon::apply) fn releases_at(&self) -> Option<Instant> {
        let parked = self.parked.as_ref()?;
        let budget = self.job.file.max_change.as_ref()?;
        Some(parked.since + budget.confirm_for?)
    }

    /// Returns `true` if a text is written although it is above the budget: it has been wanted for long enough,
    /// or the command line has requested it.
    pub(super) fn is_approved(&self, text: u64, now: Instant) -> bool {
        let is_same = |parked: &Parked| parked.text == text;
        let is_parked = self.parked.as_ref().is_some_and(is_same);
        self.is_held() || (is_parked && self.releases_at().is_some_and(|at| at <= now))
    }

    /// Parks a text. `excess` is `None` if another text of the group is above its budget.
    pub(super) fn park(&mut self, own: Option<&Candidate>, excess: Option<Excess>, now: Moment) {
        // Nothing releases a text in a run that ends.
        if self.mode != Mode::Daemon {
            self.verdict = Verdict::Refused;
        }
        // The last good file was written by an earlier process.
        if self.file == InFile::Unknown && excess.is_some() {
            self.file = InFile::Other;
        }
        let (Some(own), Some(excess)) = (own, excess) else {
            return;
        };
        let text = own.text.fingerprint;
        if self
            .parked
            .as_ref()
            .is_some_and(|parked| parked.text == text)
        {
            return;
        }
        self.parked = Some(Parked {
            text,
            since: now.instant,
            excess,
        });
        let Excess { removed, lines } = excess;
        let budget = self.job.file.max_change.unwrap_or_default();
        let (limit, release) = (limit(&budget), release(&budget));
        let destination = self.names().1;
        tracing::warn!(
            name: "change.parked", destination, removed, lines, limit,
            "{destination}: the change would remove {removed} of {lines} lines, and {limit} are allowed: the file stays as it is; {release}"
        );
    }
}

fn limit(budget: &MaxChange) -> String {
    let lines = budget.lines.map(|lines| format!("{lines} lines"));
    let fraction = budget.fraction;
    let fraction = fraction.map(|part| format!("{} % of them", part.number() * 100.0));
    let both: Vec<_> = lines.into_iter().chain(fraction).collect();
    both.join(" and ")
}

fn release(budget: &MaxChange) -> String {
    let otherwise =
        "a smaller change replaces it, and a larger max_change after a reload permits it";
    match budget.confirm_for {
        Some(time) => format!(
            "it is applied if it stays the same for {} s; {otherwise}",
            time.as_secs()
        ),
        None => otherwise.to_owned(),
    }
}
