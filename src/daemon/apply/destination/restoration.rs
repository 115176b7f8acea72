//! A destination that another program has changed: it is reported, or written again.

use std::sync::Arc;
use std::time::Instant;

use file_writer::Previous;
use group_apply::change::Change;
use group_apply::drift::{Difference, DriftKind, Inspection};
use group_apply::options::Drift;

use super::super::drift::Reaction;
use super::super::pending::{Candidate, InFile, Next, Pending};
use super::{Destination, Verdict};
use crate::daemon::event::Moment;
use crate::daemon::text::Text;
use crate::decide::ChangeTimes;

impl Destination {
    /// Returns `true` if changes by other programs are noticed.
    pub(in crate::daemon::apply) fn is_watched(&self) -> bool {
        self.job.watched_destination().is_some()
    }

    /// What another program has done with the file since it was written.
    pub(crate) fn drift(&self) -> Option<DriftKind> {
        self.drift.found()
    }

    /// Handles a possible change of the file by another program.
    pub(in crate::daemon::apply) fn may_have_drifted(&mut self) {
        if self.is_watched() && self.is_written() {
            self.drift.mark_due();
        }
    }

    /// Begins the comparison of the file with what was written last, if it is due. A write in progress ends
    /// before.
    pub(in crate::daemon::apply) fn begin_inspection(&mut self) -> Option<Inspection> {
        if matches!(self.pending, Pending::Writing(..)) || !self.drift.begin_inspection() {
            return None;
        }
        Some(Inspection {
            job: self.number,
            destination: self.job.destination.clone()?,
            file: self.job.file.clone(),
        })
    }

    /// Handles the result of a comparison.
    pub(in crate::daemon::apply) fn inspected(
        &mut self,
        difference: Option<Difference>,
        now: Moment,
    ) {
        let wanted = (self.job.file.drift, self.applied.is_some());
        let reaction = self
            .drift
            .inspected(difference, wanted, now.instant, now.jitter);
        let destination = self.names().1;
        match reaction {
            None | Some(Reaction::Restore) => {}
            Some(Reaction::Report(kind)) => {
                let what = kind.name();
                let consequence = match self.job.file.drift {
                    Drift::Restore => "it is not restored, because its last content was taken back",
                    Drift::Report | Drift::Ignore => "it stays as it is until its template changes",
                };
                tracing::warn!(
                    name: "file.drifted", destination, what,
                    "{destination}: {what} by another program; {consequence}"
                );
            }
            Some(Reaction::Refuse(target)) => {
                let target = target.display().to_string();
                tracing::error!(
                    name: "file.redirected", destination, target,
                    "{destination}: not restored, because another program has put a link into its path that leads to \
                    {target}, which ctmpl has never written; remove the link, and the file is restored, or name {target} \
                    as the destination"
                );
            }
            Some(Reaction::RestoreAfter(kind, pause, is_first)) => {
                let (what, seconds) = (kind.name(), pause.as_secs());
                if is_first {
                    tracing::warn!(
                        name: "file.contested", destination, what, seconds,
                        "{destination}: {what} by another program again and again; it is restored after growing pauses, now after {seconds} s"
                    );
                }
            }
        }
    }

    /// The time at which the file is written again, because another program has changed it.
    pub(in crate::daemon::apply) fn restores_at(&self) -> Option<Instant> {
        let at = self.drift.restores_at()?;
        let is_possible = self.applied.is_some() && !matches!(self.pending, Pending::Writing(..));
        let due = self.retry().map_or(at, |retry| retry.max(at));
        is_possible.then_some(due)
    }

    /// The fingerprint of the text in the file, as far as is known.
    pub(in crate::daemon::apply) fn text_in_file(&self) -> Option<u64> {
        self.file.text()
    }

    /// The fingerprint of the text that is written again; `None` if none is.
    pub(in crate::daemon::apply) fn restored_text(&self) -> Option<u64> {
        let applied = self.applied.as_ref().filter(|_| self.drift.is_restored())?;
        Some(applied.text.fingerprint)
    }

    /// Returns `true` while the file is written again.
    pub(in crate::daemon::apply) fn is_restoring(&self) -> bool {
        self.drift.is_restoring()
    }

    /// Begins to write the file again. A text that is waiting waits on.
    pub(in crate::daemon::apply) fn begin_restoration(&mut self) -> Option<Change> {
        let applied = self.applied.clone()?;
        let next = match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing => Next::Nothing,
            Pending::Waiting(next) => Next::Text(next),
            writing @ Pending::Writing(..) => {
                self.pending = writing;
                return None;
            }
        };
        self.drift.restoration_begins();
        let change = Change {
            is_restoration: true,
            ..self.change(&applied, true)
        };
        self.pending = Pending::Writing(applied, next);
        Some(change)
    }

    /// Handles the restoration of the previous file after a failure: the text is written again when its group
    /// changes. Until then, the previous content is the one that is restored after a change by another program.
    pub(in crate::daemon::apply) fn restored(&mut self, previous: Option<&Previous>, now: Instant) {
        self.file = InFile::Other;
        self.drift.cancel();
        let failed = self.applied.take();
        self.refuse(failed.as_ref());
        let text = match previous {
            Some(previous) => {
                let text = previous.content().map(<[u8]>::to_vec);
                text.and_then(|text| String::from_utf8(text).ok())
            }
            None => failed.as_ref().map(|failed| failed.text.content.clone()),
        };
        if let (Pending::Nothing, Some(failed)) = (&self.pending, failed) {
            self.pending = Pending::Waiting(failed);
        }
        if self.job.file.drift == Drift::Restore {
            self.applied = text.map(|text| Candidate {
                text: Arc::new(Text::new(text, Vec::new())),
                since: ChangeTimes {
                    first: now,
                    latest: now,
                },
            });
        }
    }

    /// Returns `true` if the previous file could not be restored after a failure, and no text was written since.
    pub(in crate::daemon::apply) fn is_unrestored(&self) -> bool {
        self.file == InFile::Unrestored
    }

    /// Handles a previous file that could not be restored: its text is written again when its group changes, and another
    /// program's change stays.
    pub(in crate::daemon::apply) fn not_restored(&mut self) {
        self.file = InFile::Unrestored;
        self.drift.cancel();
        let failed = self.applied.take();
        self.refuse(failed.as_ref());
        if let (Pending::Nothing, Some(failed)) = (&self.pending, failed) {
            self.pending = Pending::Waiting(failed);
        }
    }

    /// The text in the file, if it is kept.
    pub(in crate::daemon::apply) fn applied_text(&self) -> Option<&Text> {
        self.applied.as_ref().map(|applied| &*applied.text)
    }

    /// Refuses a text; `None`: the one that was refused before, if there is one. If the file is being restored after a change
    /// by another program, the text of the template is not to blame.
    pub(super) fn refuse(&mut self, failed: Option<&Candidate>) {
        if self.is_restoring() {
            return;
        }
        if failed.is_some() || self.verdict == Verdict::Accepted {
            self.verdict = Verdict::Refused(failed.map(|failed| failed.text.fingerprint));
        }
    }

    /// Returns `true` if the text that waits was refused before, and is not that of a hold.
    pub(in crate::daemon::apply) fn has_refused_text(&self) -> bool {
        let text = self.waiting_text().map(|text| text.fingerprint);
        text.is_some() && self.verdict == Verdict::Refused(text) && !self.is_held()
    }

    /// The change that writes a text. `is_approved`: it may be above the change budget.
    pub(super) fn change(&self, candidate: &Candidate, is_approved: bool) -> Change {
        let text = &candidate.text;
        Change {
            job: self.number,
            group: Arc::clone(&self.group),
            source: self.job.source.file().cloned(),
            destination: self.job.destination.clone().unwrap_or_default(),
            content: text.content.clone().into_bytes(),
            file: self.job.file.clone(),
            outputs: text.outputs.clone(),
            is_approved,
            is_restoration: false,
            fresh: Some(text.fingerprint) != self.file.text(),
        }
    }

    /// Logs that the file is as it was written.
    pub(super) fn log_restored(&self, kind: DriftKind) {
        let (destination, what) = (self.names().1, kind.name());
        tracing::info!(
            name: "file.restored", destination, what,
            "{destination}: {what} by another program, and restored"
        );
    }
}
