//! A text that is above the change budget: it is parked, and the last good file stays.

use std::time::Instant;

use apply_ledger::Hash;
use ctmpl_options::config::resolved::Mode;
use group_apply::budget::Excess;
use group_apply::change::ParkedChange;
use group_apply::options::MaxChange;

use super::{Destination, Verdict};
use crate::daemon::apply::pending::{Approval, Candidate, InFile, Parked};
use crate::daemon::event::Moment;
use crate::report::ParkedReport;

impl Destination {
    /// The text that is parked, for the report.
    pub(crate) fn parked(&self) -> Option<ParkedReport> {
        let Excess { removed, lines } = self.parked.as_ref()?.change.excess;
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
        if parked.approval == Approval::Given {
            return Some(parked.since);
        }
        let budget = self.job.file.max_change.as_ref()?;
        let remaining = budget.confirm_for?.saturating_sub(parked.change.waited);
        Some(parked.since + remaining)
    }

    /// Handles an approval of the parked text by the command line. `content` is the hash of the approved one.
    pub(in crate::daemon::apply) fn approve(&mut self, content: Hash) {
        let destination = self.names().1;
        let parked = self.parked.as_mut();
        let Some(parked) = parked.filter(|parked| parked.change.content == Some(content)) else {
            return;
        };
        parked.approval = Approval::Given;
        let Excess { removed, lines } = parked.change.excess;
        let content = content.to_string();
        tracing::info!(
            name: "change.approved", destination, removed, lines, content,
            "{destination}: the parked change, which removes {removed} of {lines} lines, is approved"
        );
    }

    /// Returns `true` if a text is written although it is above the budget: it has been wanted for long enough,
    /// or the command line has requested it.
    pub(super) fn is_approved(&self, text: u64, now: Instant) -> bool {
        let is_same = |parked: &Parked| parked.text == text;
        let is_parked = self.parked.as_ref().is_some_and(is_same);
        self.is_held() || (is_parked && self.releases_at().is_some_and(|at| at <= now))
    }

    /// Parks a text. `change` is `None` if another text of the group is above its budget.
    pub(super) fn park(
        &mut self,
        own: Option<&Candidate>,
        change: Option<ParkedChange>,
        now: Moment,
    ) {
        // Nothing releases a text in a run that ends.
        if self.mode != Mode::Daemon {
            self.verdict = Verdict::Refused(None);
        }
        // The last good file was written by an earlier process.
        if self.file == InFile::Unknown && change.is_some() {
            self.file = InFile::Other;
        }
        let (Some(own), Some(change)) = (own, change) else {
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
            change,
            approval: Approval::Missing,
        });
        self.log_parked(&change);
    }

    fn log_parked(&self, change: &ParkedChange) {
        let Excess { removed, lines } = change.excess;
        let budget = self.job.file.max_change.unwrap_or_default();
        let destination = self.names().1;
        let limit = limit(&budget);
        let release = release(&budget, &destination, change);
        let content = change.content.map(|content| content.to_string());
        tracing::warn!(
            name: "change.parked", destination, removed, lines, limit, content,
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

/// What ends the parking, in words.
fn release(budget: &MaxChange, destination: &str, change: &ParkedChange) -> String {
    let confirmed = budget.confirm_for.map(|time| {
        let remaining = time.saturating_sub(change.waited).as_secs_f64().ceil();
        format!("it is applied if it stays the same for {remaining} s")
    });
    let approved = change
        .content
        .map(|_| format!("`ctmpl approve {destination}` applies it"));
    let otherwise =
        "a smaller change replaces it, and a larger max_change after a reload permits it";
    let all = confirmed.into_iter().chain(approved);
    all.chain([otherwise.to_owned()])
        .collect::<Vec<_>>()
        .join("; ")
}
