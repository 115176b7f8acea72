//! One group with its destinations.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ctmpl_options::config::resolved::Job;
use group_apply::debts::Debts;
use group_apply::group::{Group, Refused, Start};
use group_apply::options::GroupConfig;
use group_apply::transaction::StagedFile;

use crate::daemon::apply::destination::Destination;
use crate::daemon::renderer::TemplateState;
use crate::daemon::state_dir::RolledBack;

/// The maximum time for which the texts of a named group wait for its templates that are being
/// rendered: the files of one change belong together, but fast changes must not delay them for ever.
const MAX_RENDER_WAIT: Duration = Duration::from_secs(5);

/// One group with its destinations.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) group: Group,
    /// The indices of its destinations.
    pub(super) members: Vec<usize>,
    /// The numbers of the templates that are being written.
    pub(super) in_flight: Vec<usize>,
    /// The fingerprint of the texts with which the last write has begun; `None` before the first one.
    pub(super) begun: Option<u64>,
    /// The fingerprint of the texts with which the last write has begun that changed a file, or after which all files have
    /// their texts; a rollback does not change it. `None` before the first one.
    pub(super) swapped: Option<u64>,
    /// `true` if the write in progress has changed a file.
    pub(super) has_written: bool,
    /// `true` if a file does not have its text after the write in progress.
    pub(super) lacks_text: bool,
    /// `true` if the write in progress skips a text that was refused before.
    pub(super) has_skipped: bool,
    pub(super) pace: Pace,
    pub(super) write: Write,
    /// The index of the template for which the texts of the group wait, because it cannot be rendered.
    pub(super) blocked_by: Option<usize>,
    /// What an earlier process has rolled back, by the number of the template; empty if there is nothing, or another
    /// content was rendered since.
    pub(super) rolled_back: BTreeMap<usize, RolledBack>,
    /// The reason for which the latest content is not in the files.
    pub(super) refusal: Option<String>,
    /// The reason for which a file that another program has changed is not restored.
    pub(super) drift_refusal: Option<String>,
    /// What has failed before the latest restoration.
    pub(super) failed: &'static str,
    /// The errors of the latest restoration.
    pub(super) unrestored: Vec<String>,
    /// What was refused before the first one of the latest hold requests that wait together; `None` before any, and after
    /// a reload by the user.
    pub(super) before_hold: Option<BeforeHold>,
}

/// What was refused in a group before the command line has requested a hold.
#[derive(Clone, Debug)]
pub(super) struct BeforeHold {
    pub(super) refused: Option<Refused>,
    /// The reason for it.
    pub(super) refusal: Option<String>,
    /// What an earlier process has rolled back.
    pub(super) rolled_back: BTreeMap<usize, RolledBack>,
}

/// What the write in progress writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// The latest texts.
    Texts,
    /// The texts of files that another program has changed.
    Restoration,
}

/// The pace of the write in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    Usual,
    /// It takes long, so commands of other groups do not wait for it.
    Slow,
}

impl Entry {
    pub(super) fn new(group: Group) -> Self {
        Self {
            group,
            members: Vec::new(),
            in_flight: Vec::new(),
            begun: None,
            swapped: None,
            has_written: false,
            lacks_text: false,
            has_skipped: false,
            pace: Pace::Usual,
            write: Write::Texts,
            blocked_by: None,
            rolled_back: BTreeMap::new(),
            refusal: None,
            drift_refusal: None,
            failed: "command",
            unrestored: Vec::new(),
            before_hold: None,
        }
    }

    pub(super) fn renewed(self, config: Arc<GroupConfig>) -> Self {
        Self {
            group: self.group.renewed(config),
            members: Vec::new(),
            ..self
        }
    }

    /// Returns `true` if a destination of the group is among these paths.
    pub(super) fn has_any_of(
        &self,
        paths: &BTreeSet<PathBuf>,
        destinations: &[Destination],
    ) -> bool {
        !paths.is_empty()
            && self.members.iter().any(|at| {
                let own = destinations[*at].job().destination.as_ref();
                own.is_some_and(|own| paths.contains(own))
            })
    }

    /// The templates of the group.
    pub(super) fn jobs(&self, destinations: &[Destination]) -> Vec<Arc<Job>> {
        let members = self.members.iter().map(|at| &destinations[*at]);
        members.map(Destination::shared_job).collect()
    }

    /// The files of the group that are not being written.
    pub(super) fn unchanged(&self, destinations: &[Destination]) -> Vec<StagedFile> {
        let members = self.members.iter().map(|at| &destinations[*at]);
        let others = members.filter(|own| !self.in_flight.contains(&own.number()));
        let paths = others.filter_map(|own| own.job().destination.clone());
        paths.map(StagedFile::unchanged).collect()
    }

    /// The fingerprint of the texts that are written now: those that restore files, or the latest ones.
    pub(super) fn content(&self, destinations: &[Destination]) -> u64 {
        let mut members = self.members.iter().map(|at| &destinations[*at]);
        if members.any(Destination::is_restoring) {
            return self.restored_content(destinations);
        }
        let mut hasher = DefaultHasher::new();
        for at in &self.members {
            let destination = &destinations[*at];
            (destination.number(), destination.latest()).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// The fingerprint of the texts that are in the files.
    pub(super) fn content_in_files(&self, destinations: &[Destination]) -> u64 {
        let mut hasher = DefaultHasher::new();
        for at in &self.members {
            let destination = &destinations[*at];
            (destination.number(), destination.text_in_file()).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn restored_content(&self, destinations: &[Destination]) -> u64 {
        let mut hasher = DefaultHasher::new();
        "restoration".hash(&mut hasher);
        for at in &self.members {
            let destination = &destinations[*at];
            (destination.number(), destination.restored_text()).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// The time from which the group can begin to restore files that another program has changed, not before
    /// `now`; `None`: there are none, or after an event.
    pub(super) fn restores_at(
        &self,
        destinations: &[Destination],
        debts: &Debts,
        now: Instant,
    ) -> Option<Instant> {
        let members = self.members.iter().map(|at| &destinations[*at]);
        let due = members.filter_map(Destination::restores_at).min()?;
        let is_owing = debts.is_under_test(&self.group.config().key);
        let content = || self.restored_content(destinations);
        let due = due.max(now);
        time_of(self.group.start_drift(content, is_owing, due), due)
    }

    /// The time from which the group can begin, not before `now`; `None`: after an event.
    pub(super) fn begins_at(
        &self,
        destinations: &[Destination],
        templates: &[TemplateState],
        debts: &Debts,
        now: Instant,
    ) -> Option<Instant> {
        let restores = self.restores_at(destinations, debts, now);
        let writes = self.writes_at(destinations, templates, debts, now);
        restores.into_iter().chain(writes).min()
    }

    /// The time from which the group can begin to write the texts that are waiting.
    fn writes_at(
        &self,
        destinations: &[Destination],
        templates: &[TemplateState],
        debts: &Debts,
        now: Instant,
    ) -> Option<Instant> {
        let members = || self.members.iter().map(|at| &destinations[*at]);
        let mut wakes = self
            .members
            .iter()
            .filter_map(|at| destinations[*at].next_wake(templates[*at].is_complete()));
        let config = self.group.config();
        let due = if config.key.is_named() {
            if self.blocking_member(destinations, templates).is_some() {
                return None;
            }
            let is_complete = self.members.iter().all(|at| {
                has_text(&destinations[*at])
                    && (templates[*at].is_complete() || destinations[*at].is_held())
            });
            let due = wakes.max().filter(|_| is_complete)?;
            let latest = self.awaits_texts_until(destinations, templates);
            latest.map_or(due, |latest| latest.max(due))
        } else {
            wakes.next().map(|first| wakes.fold(first, Instant::min))?
        };
        // After a failed write of one file, none is written.
        let retry = members().filter_map(Destination::retry).max();
        let due = retry.map_or(due, |retry| retry.max(due)).max(now);
        // A command that has not begun covers the first text of a template as well, and may be waiting for it.
        let is_joined =
            debts.is_untried(&config.key) && members().any(|member| !member.is_written());
        let is_owing = debts.is_under_test(&config.key) && !is_joined;
        let content = || self.content(destinations);
        time_of(self.group.start(content, is_owing, due), due)
    }

    /// The member of a named group that cannot be rendered, so that the files of the others would not fit to its own.
    /// With a broken source, the last good version and its text stay in use, if there are any.
    fn blocking_member(
        &self,
        destinations: &[Destination],
        templates: &[TemplateState],
    ) -> Option<usize> {
        let mut members = self.members.iter().copied();
        let is_broken = |at: &usize| {
            let (template, destination) = (&templates[*at], &destinations[*at]);
            let has_no_text = template.has_no_version() && !has_text(destination);
            (template.is_rendering_broken() || has_no_text) && !destination.is_held()
        };
        let blocking = members.find(is_broken);
        blocking.filter(|_| self.group.config().key.is_named())
    }

    /// Notices that the texts of a named group wait for a template that cannot be rendered, and logs it once.
    pub(super) fn notice_blocking(
        &mut self,
        destinations: &mut [Destination],
        templates: &[TemplateState],
    ) {
        let mut members = self.members.iter().map(|at| &destinations[*at]);
        let is_waiting = members.any(|own| own.waiting_since().is_some());
        let blocking = self.blocking_member(destinations, templates);
        let blocking = blocking.filter(|_| is_waiting);
        if blocking.is_none() && self.blocked_by.take().is_some() {
            self.refusal = None;
        }
        let Some(at) = blocking else { return };
        for member in &self.members {
            destinations[*member].blocked();
        }
        if self.blocked_by.replace(at) != Some(at) {
            let (group, template) = (self.group.config().key.to_string(), templates[at].name());
            tracing::warn!(
                name: "group.blocked", group, template,
                "{group}: {template} cannot be rendered, so no file of this group is changed"
            );
            self.refusal = Some(format!("{template} cannot be rendered"));
        }
    }

    /// Until when the texts wait for templates of the group that are being rendered; `None` if none is.
    fn awaits_texts_until(
        &self,
        destinations: &[Destination],
        templates: &[TemplateState],
    ) -> Option<Instant> {
        let mut members = self.members.iter();
        let is_rendering =
            |at: &usize| !templates[*at].is_current() && !destinations[*at].is_held();
        if !members.any(is_rendering) {
            return None;
        }
        let members = self.members.iter().map(|at| &destinations[*at]);
        let first = members.filter_map(Destination::waiting_since).min();
        first.map(|first| first + MAX_RENDER_WAIT)
    }
}

/// The time of a start, which is possible from `due`; `None`: after an event.
fn time_of(start: Start, due: Instant) -> Option<Instant> {
    match start {
        Start::Now => Some(due),
        Start::At(at) => Some(at),
        Start::Later => None,
    }
}

/// Returns `true` if the template has been rendered.
fn has_text(destination: &Destination) -> bool {
    destination.is_written() || destination.has_unwritten_text()
}
