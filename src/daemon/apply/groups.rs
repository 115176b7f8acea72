//! The groups of destinations: begins their writes, and passes the results of each step on.
//!
//! Input: destinations with texts, results of steps, the time. Output: the next steps as actions.

mod changes;
mod entry;
mod holds;
mod parking;
mod quarantine;
mod reload;
mod replaced;
mod rollback;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use group_apply::change::{Applied, Change, Effect};
use group_apply::debts::Debts;
use group_apply::group::{Phase, Step};
use group_apply::options::{GroupConfig, GroupKey, OnFailure};

use self::entry::{Entry, Pace, Write};
use self::replaced::ReplacedFiles;
use super::commands::shown_output;
use super::destination::Destination;
use crate::daemon::event::{Action, CheckFailure, Checked, Moment, Staged};
use crate::daemon::renderer::TemplateState;
use crate::report::RefusedReport;

/// All groups, in the order of their first templates.
#[derive(Debug)]
pub(super) struct Groups {
    all: Vec<Entry>,
    places: BTreeMap<GroupKey, usize>,
    /// The groups and destinations of the templates that are being written, by the number of the
    /// template.
    in_flight: BTreeMap<usize, (GroupKey, PathBuf)>,
    /// The destinations that are being written for a configuration that is not valid any more.
    foreign: BTreeSet<PathBuf>,
    /// The groups of the destinations.
    keys: BTreeMap<PathBuf, GroupKey>,
    replaced: ReplacedFiles,
}

impl Groups {
    /// Creates the groups of these destinations.
    pub(super) fn of(destinations: &[Destination]) -> Self {
        let mut groups = Self {
            all: Vec::new(),
            places: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            foreign: BTreeSet::new(),
            keys: BTreeMap::new(),
            replaced: ReplacedFiles::default(),
        };
        groups.regroup(destinations);
        groups
    }

    fn add(&mut self, entry: Entry) -> usize {
        let place = self.all.len();
        self.places.insert(entry.group.config().key.clone(), place);
        self.all.push(entry);
        place
    }

    fn entry(&mut self, key: &GroupKey) -> Option<&mut Entry> {
        self.places.get(key).map(|place| &mut self.all[*place])
    }

    /// Returns `true` while a step of a group is in progress.
    pub(super) fn are_applying(&self) -> bool {
        self.all
            .iter()
            .any(|entry| entry.group.phase() != Phase::Idle)
    }

    /// Returns `true` while commands wait, because files that belong to the same change are written.
    pub(super) fn delay_commands(&self) -> bool {
        self.all
            .iter()
            .any(|entry| entry.group.is_writing() && entry.pace == Pace::Usual)
    }

    /// The groups whose latest content was refused.
    pub(super) fn refused(
        &self,
        destinations: &[Destination],
    ) -> impl Iterator<Item = RefusedReport> {
        self.all.iter().filter_map(|entry| {
            Some(RefusedReport {
                group: entry.group.config().key.to_string(),
                reason: entry.reported_refusal(destinations)?,
            })
        })
    }

    /// Handles writes that take long: they delay no commands of other groups.
    pub(super) fn writes_are_slow(&mut self) {
        for entry in &mut self.all {
            if entry.group.is_writing() {
                entry.pace = Pace::Slow;
            }
        }
    }

    /// Returns the steps that begin now: one batch for all groups without a check.
    pub(super) fn write(
        &mut self,
        destinations: &mut [Destination],
        templates: &[TemplateState],
        debts: &Debts,
        now: Instant,
    ) -> Vec<Action> {
        let (mut batch, mut actions) = (Vec::new(), Vec::new());
        for entry in &mut self.all {
            entry.notice_blocking(destinations, templates);
            let begins = entry.begins_at(destinations, templates, debts, now);
            if begins != Some(now) || entry.has_any_of(&self.foreign, destinations) {
                if let Some(restoration) = entry.restore_again(destinations, debts, now) {
                    self.replaced.forget(&entry.group.config().key);
                    actions.push(restoration);
                }
                continue;
            }
            let restores = entry.restores_at(destinations, debts, now) == Some(now);
            if !restores && entry.is_quarantined(destinations) {
                entry.refuse_quarantined(destinations);
                continue;
            }
            let mut changes = if restores {
                entry.restoring_changes(destinations, now)
            } else {
                entry.text_changes(destinations, templates, now)
            };
            if changes.is_empty() && entry.has_skipped {
                entry.begun = Some(entry.content(destinations));
                entry.refuse_skipped();
                continue;
            }
            let key = entry.group.config().key.clone();
            for Change {
                job, destination, ..
            } in &changes
            {
                let flight = (key.clone(), destination.clone());
                self.in_flight.insert(*job, flight);
                entry.in_flight.push(*job);
            }
            entry.begun = Some(entry.content(destinations));
            (entry.has_written, entry.lacks_text) = (false, false);
            entry.pace = Pace::Usual;
            entry.write = if restores {
                Write::Restoration
            } else {
                Write::Texts
            };
            match entry.group.begin() {
                Step::Stage => {
                    actions.push(Action::Stage(key, changes));
                }
                _ => batch.append(&mut changes),
            }
        }
        if !batch.is_empty() {
            actions.push(Action::Write(batch));
        }
        actions
    }

    /// The time of the next write; it may be in the past.
    pub(super) fn next_write(
        &self,
        destinations: &[Destination],
        templates: &[TemplateState],
        debts: &Debts,
        now: Instant,
    ) -> Option<Instant> {
        let again = self.all.iter();
        let again = again.filter_map(|entry| entry.restores_again_at(destinations, debts));
        let begins = self
            .all
            .iter()
            .filter(|entry| !entry.has_any_of(&self.foreign, destinations))
            .filter_map(|entry| entry.begins_at(destinations, templates, debts, now));
        again.chain(begins).min()
    }

    /// Handles the end of staging.
    pub(super) fn staged(
        &mut self,
        key: &GroupKey,
        staged: &Staged,
        destinations: &[Destination],
    ) -> Option<Action> {
        let entry = self.entry(key)?;
        let is_changed = staged.files.iter().any(|file| file.is_changed);
        let config = Arc::clone(entry.group.config());
        match entry.group.staged(is_changed && !staged.has_failed)? {
            Step::Check => {
                let mut files = staged.files.clone();
                files.extend(entry.unchanged(destinations));
                Some(Action::Check(config, files, entry.jobs(destinations)))
            }
            _ => Some(Action::Swap(key.clone())),
        }
    }

    /// Handles the end of a check. Returns the next step, and the numbers of the templates whose
    /// texts are not written.
    pub(super) fn checked(
        &mut self,
        key: &GroupKey,
        checked: &Result<Checked, CheckFailure>,
        destinations: &[Destination],
        now: Moment,
    ) -> (Option<Action>, Vec<usize>) {
        let Some(entry) = self.entry(key) else {
            return (None, Vec::new());
        };
        match checked {
            Ok(Checked { took, method }) => {
                let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                let method = method.as_deref().unwrap_or("no tree");
                tracing::info!(
                    name: "check.succeeded", group = %key, milliseconds, method,
                    "{key}: the check succeeded after {milliseconds} ms ({method})"
                );
                let step = entry.group.passed();
                (step.map(|_| Action::Swap(key.clone())), Vec::new())
            }
            Err(failure) => {
                // A text that was rendered since was not checked.
                let content = entry.begun;
                let content = content.unwrap_or_else(|| entry.content(destinations));
                let (step, is_repeated) = entry.check_failed(content, &failure.error, now);
                if step.is_some() && !is_repeated {
                    log_failed_check(key, failure);
                }
                entry.refused_before_hold(destinations);
                let refused = std::mem::take(&mut entry.in_flight);
                for job in &refused {
                    self.landed(*job);
                }
                (step.map(|_| Action::Discard(key.clone())), refused)
            }
        }
    }

    /// Handles the end of a swap. A reload may have moved the replaced files to other groups: see
    /// [`move_replaced`](Self::move_replaced).
    pub(super) fn swapped(&mut self, applied: &[Applied]) {
        for one in applied {
            let Applied { job, outcome, .. } = one;
            let Some(key) = self.landed(*job) else {
                continue;
            };
            let Some(place) = self.places.get(&key) else {
                continue;
            };
            let entry = &mut self.all[*place];
            entry.in_flight.retain(|other| other != job);
            let is_written = matches!(outcome, Ok(Effect::Written));
            entry.has_written |= is_written;
            let rolls_back = entry.group.config().on_failure == OnFailure::Rollback;
            if is_written && rolls_back && entry.write == Write::Texts {
                self.replaced.keep(&one.destination, &key);
            }
            entry.lacks_text |= !matches!(outcome, Ok(Effect::Written | Effect::Unchanged));
            if entry.in_flight.is_empty() {
                entry.pace = Pace::Usual;
                if entry.write == Write::Restoration {
                    // A content that was refused before is refused still.
                    entry.group.drift_restored();
                    entry.drift_refusal = None;
                    continue;
                }
                entry.group.swapped(rolls_back && entry.has_written);
                if entry.has_written || !entry.lacks_text {
                    entry.swapped = entry.begun;
                }
                entry.refuse_skipped();
            }
        }
    }

    /// The group with which a template is being written; a reload may have moved it to another one.
    pub(super) fn group_of_write(&self, job: usize) -> Option<&Arc<GroupConfig>> {
        let (key, _) = self.in_flight.get(&job)?;
        let place = self.places.get(key)?;
        Some(self.all[*place].group.config())
    }

    /// Forgets a template that was being written. Returns its group.
    fn landed(&mut self, job: usize) -> Option<GroupKey> {
        let (key, destination) = self.in_flight.remove(&job)?;
        self.foreign.remove(&destination);
        Some(key)
    }
}

fn log_failed_check(key: &GroupKey, failure: &CheckFailure) {
    let CheckFailure {
        error,
        last_lines,
        places,
        took,
        change,
    } = failure;
    let (output, shown) = shown_output(last_lines);
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let (removed, added) = (change.map(|it| it.removed), change.map(|it| it.added));
    let template = places.join("; ");
    let place = if template.is_empty() {
        String::new()
    } else {
        format!("; {template}")
    };
    let outcome = "not applied";
    tracing::error!(
        name: "check.failed", group = %key, error, output, template, removed, added, outcome, milliseconds,
        "{key}: the check failed, so no file is changed: {error}{place}{shown}"
    );
}
