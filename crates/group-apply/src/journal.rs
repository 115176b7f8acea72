//! Records in the ledger on the disk what is written, and whether its command has succeeded.
//!
//! Input: staged changes, the results of swaps and commands. Output: after a crash, the groups that owe
//! their command. A ledger that cannot be written stops no write: the failure is logged once.
//!
//! - `ledger_thread.rs`: the thread that owns the ledger, so that one that hangs delays a write by
//!   [`RECORD_TIMEOUT`] at most.
//! - `state.rs`: what this thread owns: the ledger, and the intents of the groups that are being applied.
//! - `record.rs`: what is recorded about the files of a group.
//! - `parked.rs`: the changes that are parked.
//! - `recovery.rs`: the start after an earlier process.
//!
//! The ledger itself is the library `apply_ledger`.

mod ledger_thread;
mod parked;
mod record;
mod recovery;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use apply_ledger::{
    Content, Destination, Ending, Hash, IntentId, Ledger, LedgerError, LedgerOptions, Notice,
    OpenError, OwedGroup,
};
use file_writer::Previous;

use self::ledger_thread::{LedgerThread, NoResult};
pub(crate) use self::record::ChangedFile;
use self::record::{Record, Restoration, recorded_path};
use self::state::State;
pub use self::state::Transfers;
use crate::options::{GroupConfig, GroupKey};

/// The time limit for which a write or a command waits for the ledger.
const RECORD_TIMEOUT: Duration = Duration::from_secs(2);

/// The time without an answer after which the ledger is slow.
const SLOW_AFTER: Duration = Duration::from_millis(800);

/// The ledger of the process. Clones share it.
#[derive(Clone, Debug)]
pub struct Journal {
    thread: Arc<LedgerThread<State>>,
    program: &'static str,
    directory: Arc<Path>,
    /// The files with a parked change, at the end of all links.
    parked: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Journal {
    /// Opens the ledger in a state directory. `program` is in messages and in the names of temporary files, `contents` is the number of contents that are kept for
    /// each destination.
    ///
    /// # Errors
    /// [`OpenError`]
    pub fn open(
        program: &'static str,
        directory: &Path,
        contents: usize,
    ) -> Result<Self, OpenError> {
        let (ledger, notices) = Ledger::open(directory, LedgerOptions { contents })?;
        for Notice::Rebuilt { moved_to, cause } in notices {
            // That of SQLite may have several lines.
            let cause = cause.lines().collect::<Vec<_>>().join(" ");
            let (directory, moved_to) = (directory.display(), moved_to.display());
            tracing::warn!(
                name: "ledger.rebuilt", %directory, %moved_to, cause,
                "the ledger in {directory} was damaged ({cause}); it is moved to {moved_to}, and an empty one is used"
            );
        }
        let directory = ledger.directory().to_owned();
        let mut state = State::new(program, ledger);
        let parked = state.ledger.parked();
        let parked = state.check(parked).unwrap_or_default();
        let parked: BTreeSet<_> = parked.into_iter().map(|it| it.destination).collect();
        let thread =
            LedgerThread::start(state, RECORD_TIMEOUT).map_err(|error| OpenError::Unusable {
                operation: "start a thread for",
                path: directory.clone(),
                source: error.into(),
            })?;
        Ok(Self {
            thread: Arc::new(thread),
            program,
            directory: directory.into(),
            parked: Arc::new(Mutex::new(parked)),
        })
    }

    /// The name of the program.
    pub(crate) fn program(&self) -> &'static str {
        self.program
    }

    /// The state directory.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.directory.to_path_buf()
    }

    /// Returns `true` if the ledger has not answered for so long that a write waits for it.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.thread.is_busy_for(SLOW_AFTER)
    }

    /// Records that a group owes the command of an intent of an earlier process.
    pub fn inherit(&self, group: &GroupKey, intent: IntentId) {
        let group = group.clone();
        self.thread.send(move |state| state.inherit(group, intent));
    }

    /// Records that changes are about to be swapped. Returns their groups.
    pub(crate) fn begin(
        &self,
        changes: impl Iterator<Item = (Arc<GroupConfig>, ChangedFile)>,
    ) -> Vec<Arc<GroupConfig>> {
        let records = Record::by_group(changes);
        let groups: Vec<_> = records.iter().map(|own| Arc::clone(&own.group)).collect();
        if !groups.is_empty() {
            let (bytes, own) = (Record::bytes(&records), groups.clone());
            self.record_contents(bytes, records, move |state, records| match records {
                Some(records) => state.begin(&records),
                None => state.not_begun(&own),
            });
        }
        groups
    }

    /// Records the end of the swaps of groups that have [begun](Self::begin). The old files of `failed` groups are
    /// in place again. `written` are single files without a command, of which nothing was recorded before.
    pub(crate) fn swapped(
        &self,
        begun: Vec<Arc<GroupConfig>>,
        failed: &BTreeSet<GroupKey>,
        written: impl Iterator<Item = (Arc<GroupConfig>, ChangedFile)>,
    ) {
        let written = Record::by_group(written);
        if begun.is_empty() && written.is_empty() {
            return;
        }
        let (bytes, failed) = (Record::bytes(&written), failed.clone());
        self.record_contents(bytes, written, move |state, written| {
            state.swapped(&begun, &failed, &written.unwrap_or_default());
        });
    }

    /// Records that these files of a group are about to be restored.
    pub fn begin_restoration(&self, group: &GroupKey, files: &[Previous]) {
        let restoration = Restoration::new(group, files);
        let without_files = Restoration::new(group, &[]);
        self.record_contents(
            restoration.bytes(),
            restoration,
            move |state, restoration| {
                state.begin_restoration(&restoration.unwrap_or(without_files));
            },
        );
    }

    /// Records the fingerprints of the additional files of templates whose group is rolled back.
    pub fn note_outputs(&self, files: &BTreeMap<PathBuf, Option<String>>) {
        let files = files.iter();
        let files: Vec<_> = files
            .map(|(path, fingerprint)| (recorded_path(path), fingerprint.clone()))
            .collect();
        self.record(move |state| {
            let noted = state.ledger.note_outputs(&files);
            state.check(noted)
        });
    }

    /// Records the end of a restoration. `unrestored` are the files that could not be restored.
    pub fn restored(&self, group: &GroupKey, unrestored: &[&Path]) {
        let group = group.clone();
        let unrestored: Vec<_> = unrestored.iter().map(|path| recorded_path(path)).collect();
        self.record(move |state| state.restored(group, &unrestored));
    }

    /// Records the end of the command of a group and its verification.
    pub fn finished(&self, group: &GroupKey, ending: Ending) {
        let group = group.clone();
        self.record(move |state| state.finished(&group, ending));
    }

    /// Records that other groups owe the commands of groups, all at the same time.
    pub fn transfer(&self, all: Transfers) {
        self.record(move |state| state.transfer(&all));
    }

    /// The contents of files at the last success of their command, in the order of `files`: the recorded path of each file
    /// with the hash of its present content. `None`: it has this content, or the ledger does not know another one.
    pub(crate) fn applied(&self, files: Vec<(PathBuf, Option<Hash>)>) -> Vec<Option<Content>> {
        let applied = self.thread.ask(move |state| {
            let files = files.into_iter();
            files
                .map(|(path, present)| state.applied(&path, present))
                .collect()
        });
        self.in_time(applied).unwrap_or_default()
    }

    /// The files that the ledger knows; none if it does not answer.
    #[must_use]
    pub fn destinations(&self) -> Vec<Destination> {
        self.ask(|ledger| ledger.destinations()).unwrap_or_default()
    }

    /// The groups that owe their command; none if the ledger does not answer.
    #[must_use]
    pub fn owed(&self) -> Vec<OwedGroup> {
        self.ask(|ledger| ledger.owed()).unwrap_or_default()
    }

    /// Asks the ledger. A failure is logged once. If the ledger has not begun before the timeout, the question is
    /// dropped.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Option<T> {
        let answer = self.thread.ask(move |state| {
            let answer = question(&mut state.ledger);
            state.check(answer)
        });
        self.in_time(answer)?
    }

    /// Changes the ledger, and waits for it without a limit. A failure is logged once.
    pub(crate) fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Option<T> {
        let changed = self.thread.wait(move |state| {
            let changed = work(&mut state.ledger);
            state.check(changed)
        });
        self.in_time(changed)?
    }

    /// Records something. If the ledger does not answer in time, it is recorded as soon as it does.
    fn record<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut State) -> T + Send + 'static,
    ) -> Option<T> {
        let recorded = self.thread.call(work);
        self.in_time(recorded)
    }

    /// Like [`record`](Self::record), with contents of this size. If too many of them wait for the ledger, it is
    /// recorded without them.
    fn record_contents<C: Send + 'static>(
        &self,
        bytes: usize,
        contents: C,
        work: impl FnOnce(&mut State, Option<C>) + Send + 'static,
    ) {
        let recorded = self
            .thread
            .call_with(bytes, contents, move |state, contents| {
                if contents.is_none() {
                    state.contents_dropped();
                }
                work(state, contents);
            });
        self.in_time(recorded);
    }

    /// Logs once that the ledger does not answer, once that contents are dropped for this reason, and once that
    /// recording has panicked.
    fn in_time<T>(&self, result: Result<T, NoResult>) -> Option<T> {
        let directory = self.directory.display();
        match &result {
            Err(NoResult::Overdue { is_first: true }) => {
                let seconds = RECORD_TIMEOUT.as_secs();
                tracing::warn!(
                    name: "ledger.slow", %directory, seconds,
                    "{directory}: the ledger has not answered within {seconds} s; does its file system hang? Files \
                     are written and commands run meanwhile, and are recorded when it answers"
                );
            }
            Err(NoResult::ContentsDropped) => tracing::warn!(
                name: "ledger.contents_dropped", %directory,
                "{directory}: too many changes wait for the ledger, so the contents of this one and of further ones \
                 are not recorded until it answers: they will be missing in the history"
            ),
            Err(NoResult::Panicked { is_first: true }) => {
                let error = "an internal error, which process.panicked reports";
                tracing::warn!(
                    name: "ledger.failed", %directory, error,
                    "{directory}: something is not recorded because of {error}: files are written nevertheless, but \
                     after a crash an owed command may be forgotten"
                );
            }
            Ok(_) | Err(NoResult::Overdue { .. } | NoResult::Panicked { .. }) => {}
        }
        result.ok()
    }

    fn parked_files(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
