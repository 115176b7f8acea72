//! Records in the ledger on the disk what is written, and whether its command has succeeded.
//!
//! Input: staged changes, the results of swaps and commands. Output: after a crash, the groups that owe
//! their command. A ledger that cannot be written stops no write: the failure is logged once.

mod parked;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use apply_ledger::{
    Attributes, Ending, Intent, IntentFile, IntentId, Ledger, LedgerError, LedgerOptions, Notice,
    Old, OpenError, OwedGroup, Recovery, recover,
};
use file_writer::Previous;

use crate::config::resolved::{GroupConfig, GroupKey};
use crate::error_chain::chain;

/// The program in the names of temporary files.
pub(super) const PROGRAM: &str = "ctmpl";

/// The ledger of the daemon. Clones share it.
#[derive(Clone, Debug)]
pub struct Journal(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    ledger: Ledger,
    /// The latest intent of each group that owes its command.
    owing: HashMap<GroupKey, IntentId>,
    /// The files with a parked change, at the end of all links.
    parked: BTreeSet<PathBuf>,
    health: Health,
}

/// Whether the last operation of the ledger succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Good,
    Failed,
}

/// A group whose swap is recorded.
#[derive(Debug)]
pub struct Recorded {
    group: Arc<GroupConfig>,
    intent: IntentId,
}

impl Journal {
    /// Opens the ledger in a state directory. `contents` is the number of contents that are kept for
    /// each destination.
    ///
    /// # Errors
    /// [`OpenError`]
    pub fn open(directory: &Path, contents: usize) -> Result<Self, OpenError> {
        let (ledger, notices) = Ledger::open(directory, LedgerOptions { contents })?;
        for Notice::Rebuilt { moved_to, cause } in notices {
            let (directory, moved_to) = (directory.display(), moved_to.display());
            tracing::warn!(
                name: "ledger.rebuilt", %directory, %moved_to, cause,
                "the ledger in {directory} was damaged ({cause}); it is moved to {moved_to}, and an empty one is used"
            );
        }
        let mut state = State {
            ledger,
            owing: HashMap::new(),
            parked: BTreeSet::new(),
            health: Health::Good,
        };
        let parked = state.ledger.parked();
        let parked = state.check(parked).unwrap_or_default();
        state.parked = parked.into_iter().map(|it| it.destination).collect();
        Ok(Self(Arc::new(Mutex::new(state))))
    }

    /// Completes or takes back the swaps that a crash has interrupted. Returns the groups that owe
    /// their command.
    pub fn recover(&self) -> Vec<OwedGroup> {
        let mut state = self.lock();
        let recovered = state.recover();
        let owed = recovered.and_then(|()| state.ledger.owed());
        state.check(owed).unwrap_or_default()
    }

    /// Forgets a destination that no template writes any more.
    pub fn forget(&self, destination: &Path) {
        let mut state = self.lock();
        let forgotten = state.ledger.forget(destination);
        state.check(forgotten);
    }

    /// Records that a group owes the command of this intent.
    pub fn owes(&self, group: &GroupKey, intent: IntentId) {
        self.lock().owing.insert(group.clone(), intent);
    }

    /// Records that changes are about to be swapped.
    pub(super) fn begin<'a>(
        &self,
        changes: impl Iterator<Item = (&'a Arc<GroupConfig>, ChangedFile<'a>)>,
    ) -> Vec<Recorded> {
        let mut groups: Vec<(&Arc<GroupConfig>, Vec<ChangedFile<'_>>)> = Vec::new();
        for (group, file) in changes {
            match groups.iter_mut().find(|(known, _)| known.key == group.key) {
                Some((_, files)) => files.push(file),
                None => groups.push((group, vec![file])),
            }
        }
        let texts: Vec<_> = groups.iter().map(|(group, _)| Texts::of(group)).collect();
        let intents: Vec<_> = groups
            .iter()
            .zip(&texts)
            .map(|((_, files), texts)| Intent {
                group: &texts.group,
                command: texts.command.as_deref(),
                files: files.iter().map(ChangedFile::record).collect(),
                rolls_back: None,
            })
            .collect();
        if intents.is_empty() {
            return Vec::new();
        }
        let mut state = self.lock();
        let begun = state.ledger.begin_all(&intents);
        let ids = state.check_begin(begun).unwrap_or_default();
        let groups = groups.iter().map(|(group, _)| Arc::clone(group));
        let recorded = groups.zip(ids);
        recorded
            .map(|(group, intent)| Recorded { group, intent })
            .collect()
    }

    /// Records the end of swaps. The old files of `failed` groups are in place again.
    pub(super) fn swapped(&self, recorded: Vec<Recorded>, failed: &BTreeSet<GroupKey>) {
        let mut state = self.lock();
        for Recorded { group, intent } in recorded {
            let ended = if failed.contains(&group.key) {
                state.ledger.discarded(intent)
            } else if group.has_effect() {
                state.owing.insert(group.key.clone(), intent);
                state.ledger.swapped(intent)
            } else {
                let swapped = state.ledger.swapped(intent);
                swapped.and_then(|()| state.ledger.finished(intent, Ending::Applied))
            };
            state.check(ended);
        }
    }

    /// Records that these files of a group are about to be restored.
    pub fn begin_restoration(&self, group: &GroupKey, files: &[Previous]) -> Option<IntentId> {
        let mut state = self.lock();
        let failed = state.owing.get(group).copied();
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let paths: Vec<_> = files
            .iter()
            .map(|file| absolute(file.destination()))
            .collect();
        let files = files
            .iter()
            .zip(&paths)
            .filter_map(|(previous, destination)| {
                Some(IntentFile {
                    destination,
                    staged: None,
                    old: None,
                    new: previous.content()?,
                    attributes: Attributes::default(),
                })
            });
        let name = group.to_string();
        let intent = Intent {
            group: &name,
            command: None,
            files: files.collect(),
            rolls_back: failed,
        };
        let begun = state.ledger.begin(&intent);
        state.check_begin(begun)
    }

    /// Records the end of a restoration.
    pub fn restored(&self, group: &GroupKey, intent: IntentId) {
        let mut state = self.lock();
        state.owing.insert(group.clone(), intent);
        let ended = state.ledger.swapped(intent);
        state.check(ended);
    }

    /// Records the end of the command of a group and its verification.
    pub fn finished(&self, group: &GroupKey, ending: Ending) {
        let mut state = self.lock();
        let intent = match ending {
            Ending::Applied => state.owing.remove(group),
            Ending::Failed => state.owing.get(group).copied(),
        };
        if let Some(intent) = intent {
            let ended = state.ledger.finished(intent, ending);
            state.check(ended);
        }
    }

    /// Works with the ledger. A failure is logged once.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&mut Ledger) -> Result<T, LedgerError>,
    ) -> Option<T> {
        let mut state = self.lock();
        let result = work(&mut state.ledger);
        state.check(result)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn recover(&mut self) -> Result<(), LedgerError> {
        for intent in self.ledger.pending()? {
            let plan = recover(&intent, &intent.states()?);
            plan.execute(&self.ledger, PROGRAM)?;
            let group = &intent.group;
            let (result, outcome) = match plan.result {
                Recovery::Old => (self.ledger.discarded(intent.id), "not begun"),
                Recovery::New => (self.ledger.swapped(intent.id), "completed"),
            };
            result?;
            tracing::warn!(
                name: "ledger.recovered", group, outcome,
                "{group}: ctmpl was killed while it replaced the files of this group; the swap is {outcome}"
            );
        }
        Ok(())
    }

    /// Like [`check`](Self::check). A success ends a failure: the end of an earlier intent may be
    /// recorded on a full disk, but no new intent.
    fn check_begin<T>(&mut self, result: Result<T, LedgerError>) -> Option<T> {
        let begun = self.check(result);
        if begun.is_some() {
            self.health = Health::Good;
        }
        begun
    }

    /// Logs the first failure.
    fn check<T>(&mut self, result: Result<T, LedgerError>) -> Option<T> {
        let directory = self.ledger.directory().display();
        match &result {
            Err(error) if self.health == Health::Good => {
                let error = chain(error);
                tracing::warn!(
                    name: "ledger.failed", %directory, error,
                    "{error}: files are written nevertheless, but after a crash an owed command may be forgotten"
                );
                self.health = Health::Failed;
            }
            Ok(_) | Err(_) => {}
        }
        result.ok()
    }
}

/// A file that is about to be replaced, with absolute paths.
pub(super) struct ChangedFile<'a> {
    /// The destination, at the end of all links.
    pub(super) destination: PathBuf,
    /// The staged file; `None` if the destination is written in place.
    pub(super) staged: Option<PathBuf>,
    /// The content that is replaced; `None` if there is none.
    pub(super) old: Option<&'a [u8]>,
    /// The new content.
    pub(super) new: &'a [u8],
    /// Mode and owner of the new file.
    pub(super) attributes: Attributes,
}

impl ChangedFile<'_> {
    fn record(&self) -> IntentFile<'_> {
        IntentFile {
            destination: &self.destination,
            staged: self.staged.as_deref(),
            old: self.old.map(Old::Content),
            new: self.new,
            attributes: self.attributes,
        }
    }
}

/// The texts of an intent.
struct Texts {
    group: String,
    command: Option<String>,
}

impl Texts {
    fn of(group: &GroupConfig) -> Self {
        let command = group.command.as_ref();
        Self {
            group: group.key.to_string(),
            command: command.map(|command| command.line.to_string()),
        }
    }
}
