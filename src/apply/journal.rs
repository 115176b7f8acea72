//! Records in the ledger on the disk what is written, and whether its command has succeeded.
//!
//! Input: staged changes, the results of swaps and commands. Output: after a crash, the groups that owe
//! their command. A ledger that cannot be written stops no write: the failure is logged once.

mod parked;
mod recovery;
mod shared;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use apply_ledger::{
    Attributes, Ending, Intent, IntentFile, IntentId, Ledger, LedgerError, LedgerOptions, Notice,
    Old, OpenError, SwapEnd,
};
use file_writer::Previous;

use self::shared::{Overdue, Shared};
use crate::config::resolved::{GroupConfig, GroupKey};
use crate::error_chain::chain;

/// The program in the names of temporary files.
pub(super) const PROGRAM: &str = "ctmpl";

/// How long a write waits for the ledger while another one uses it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The ledger of the daemon. Clones share it.
#[derive(Clone, Debug)]
pub struct Journal {
    state: Arc<Shared<State>>,
    directory: Arc<Path>,
}

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
        Ok(Self {
            directory: state.ledger.directory().into(),
            state: Arc::new(Shared::new(state, PATIENCE)),
        })
    }

    /// The state directory.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.directory.to_path_buf()
    }

    /// Records that a group owes the command of this intent.
    pub fn owes(&self, group: &GroupKey, intent: IntentId) {
        self.use_state(|state| {
            state.owing.insert(group.clone(), intent);
            Some(())
        });
    }

    /// Records that changes are about to be swapped.
    pub(super) fn begin<'a>(
        &self,
        changes: impl Iterator<Item = (&'a Arc<GroupConfig>, ChangedFile<'a>)>,
    ) -> Vec<Recorded> {
        let groups = by_group(changes);
        let texts: Vec<_> = groups.iter().map(|(group, _)| Texts::of(group)).collect();
        let intents = intents(&groups, &texts);
        if intents.is_empty() {
            return Vec::new();
        }
        let ids = self.use_state(|state| {
            let begun = state.ledger.begin_all(&intents);
            state.check_begin(begun)
        });
        let ids = ids.unwrap_or_default();
        let groups = groups.iter().map(|(group, _)| Arc::clone(group));
        let recorded = groups.zip(ids);
        recorded
            .map(|(group, intent)| Recorded { group, intent })
            .collect()
    }

    /// Records the end of swaps. The old files of `failed` groups are in place again. `written` are single files
    /// without a command, of which nothing was recorded before.
    pub(super) fn swapped<'a>(
        &self,
        recorded: Vec<Recorded>,
        failed: &BTreeSet<GroupKey>,
        written: impl Iterator<Item = (&'a Arc<GroupConfig>, ChangedFile<'a>)>,
    ) {
        let groups = by_group(written);
        let texts: Vec<_> = groups.iter().map(|(group, _)| Texts::of(group)).collect();
        let written = intents(&groups, &texts);
        if recorded.is_empty() && written.is_empty() {
            return;
        }
        self.use_state(|state| {
            let mut ends = Vec::with_capacity(recorded.len());
            for Recorded { group, intent } in recorded {
                let end = if failed.contains(&group.key) {
                    SwapEnd::Discarded
                } else if group.has_effect() {
                    state.owing.insert(group.key.clone(), intent);
                    SwapEnd::Owed
                } else {
                    SwapEnd::Settled
                };
                ends.push((intent, end));
            }
            let ended = state.ledger.swaps_ended(&ends, &written);
            state.check(ended)
        });
    }

    /// Records that these files of a group are about to be restored.
    pub fn begin_restoration(&self, group: &GroupKey, files: &[Previous]) -> Option<IntentId> {
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
            rolls_back: None,
        };
        self.use_state(|state| {
            let rolls_back = state.owing.get(group).copied();
            let begun = state.ledger.begin(&Intent {
                rolls_back,
                ..intent
            });
            state.check_begin(begun)
        })
    }

    /// Records the end of a restoration.
    pub fn restored(&self, group: &GroupKey, intent: IntentId) {
        self.use_state(|state| {
            state.owing.insert(group.clone(), intent);
            let ended = state.ledger.swapped(intent);
            state.check(ended)
        });
    }

    /// Records the end of the command of a group and its verification.
    pub fn finished(&self, group: &GroupKey, ending: Ending) {
        self.use_state(|state| {
            let intent = match ending {
                Ending::Applied | Ending::Dropped => state.owing.remove(group),
                Ending::Failed => state.owing.get(group).copied(),
            };
            let ended = state.ledger.finished(intent?, ending);
            state.check(ended)
        });
    }

    /// Works with the ledger. A failure is logged once.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&mut Ledger) -> Result<T, LedgerError>,
    ) -> Option<T> {
        self.use_state(|state| {
            let result = work(&mut state.ledger);
            state.check(result)
        })
    }

    /// Works with the ledger, unless another thread has used it for too long. This is logged once, and nothing is
    /// recorded until that thread has finished.
    fn use_state<T>(&self, work: impl FnOnce(&mut State) -> Option<T>) -> Option<T> {
        match self.state.with(work) {
            Ok(result) => result,
            Err(Overdue { is_first }) => {
                if is_first {
                    let (directory, seconds) = (self.directory.display(), PATIENCE.as_secs());
                    tracing::warn!(
                        name: "ledger.slow", %directory, seconds,
                        "{directory}: the ledger has not answered within {seconds} s; does its file system hang? Until \
                         it answers, files are written and commands run without a record"
                    );
                }
                None
            }
        }
    }
}

impl State {
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

/// The files of each group, in their order.
type ByGroup<'a> = Vec<(&'a Arc<GroupConfig>, Vec<ChangedFile<'a>>)>;

fn by_group<'a>(
    changes: impl Iterator<Item = (&'a Arc<GroupConfig>, ChangedFile<'a>)>,
) -> ByGroup<'a> {
    let mut groups = ByGroup::new();
    for (group, file) in changes {
        match groups.iter_mut().find(|(known, _)| known.key == group.key) {
            Some((_, files)) => files.push(file),
            None => groups.push((group, vec![file])),
        }
    }
    groups
}

/// One intent for each group.
fn intents<'a>(groups: &'a ByGroup<'_>, texts: &'a [Texts]) -> Vec<Intent<'a>> {
    let intent = |((_, files), texts): (&'a (_, Vec<ChangedFile<'_>>), &'a Texts)| Intent {
        group: &texts.group,
        command: texts.command.as_deref(),
        files: files.iter().map(ChangedFile::record).collect(),
        rolls_back: None,
    };
    groups.iter().zip(texts).map(intent).collect()
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
