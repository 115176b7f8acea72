//! The ledger, with the intents of the groups that are being applied.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apply_ledger::{Content, Ending, Hash, IntentId, Ledger, LedgerError, SwapEnd};

use super::record::{Record, Restoration};
use crate::options::{GroupConfig, GroupKey};
use error_line::chain;

/// The groups that owe the commands of other groups, by those. A group that owes its command for a part of its files
/// still is among its heirs.
pub type Transfers = BTreeMap<GroupKey, BTreeSet<GroupKey>>;

/// The ledger, with the intents of the groups that are being applied.
#[derive(Debug)]
pub(super) struct State {
    /// The name of the program, for messages and temporary files.
    pub(super) program: &'static str,
    pub(super) ledger: Ledger,
    /// The intents whose swap has not ended.
    begun: HashMap<GroupKey, IntentId>,
    /// The latest intent of each group that owes its command.
    owing: HashMap<GroupKey, IntentId>,
    /// The intents of earlier processes and configurations, with the groups whose commands settle them. A new
    /// configuration may join or divide groups.
    inherited: BTreeSet<(GroupKey, IntentId)>,
    health: Health,
    /// `true` if something could not be recorded, so that commands may have succeeded with contents that are missing.
    is_incomplete: bool,
}

/// Whether the last operation of the ledger succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Good,
    Failed,
}

impl State {
    pub(super) fn new(program: &'static str, ledger: Ledger) -> Self {
        Self {
            program,
            ledger,
            begun: HashMap::new(),
            owing: HashMap::new(),
            inherited: BTreeSet::new(),
            health: Health::Good,
            is_incomplete: false,
        }
    }

    /// Notes that contents are not recorded.
    pub(super) fn contents_dropped(&mut self) {
        self.is_incomplete = true;
    }

    /// The content of a file at the last success of its command; `None` if it has this content, or if a later success may
    /// be missing in the ledger. `present` is the hash of its content.
    pub(super) fn applied(&mut self, file: &Path, present: Option<Hash>) -> Option<Content> {
        if self.is_incomplete {
            return None;
        }
        let applied = self.ledger.applied(file);
        let applied = self.check(applied).flatten();
        let hash = applied.filter(|hash| Some(*hash) != present)?;
        let content = self.ledger.content(hash);
        self.check(content).flatten()
    }

    /// Records that files are about to be swapped.
    pub(super) fn begin(&mut self, records: &[Record]) {
        let intents: Vec<_> = records.iter().map(Record::intent).collect();
        let begun = self.ledger.begin_all(&intents);
        let begun = self.check_begin(begun);
        self.not_begun(records.iter().map(|record| &record.group));
        let keys = records.iter().map(|record| record.group.key.clone());
        self.begun.extend(keys.zip(begun.unwrap_or_default()));
    }

    /// Notes that files of these groups are about to be swapped without a record. Their ends are not recorded either.
    pub(super) fn not_begun<'a>(&mut self, groups: impl IntoIterator<Item = &'a Arc<GroupConfig>>) {
        for group in groups {
            self.begun.remove(&group.key);
        }
    }

    /// Records the end of the swaps of these groups.
    pub(super) fn swapped(
        &mut self,
        groups: &[Arc<GroupConfig>],
        failed: &BTreeSet<GroupKey>,
        written: &[Record],
    ) {
        let mut ends = Vec::with_capacity(groups.len());
        for group in groups {
            // Without an intent, its record has failed.
            let Some(intent) = self.begun.remove(&group.key) else {
                continue;
            };
            let end = if failed.contains(&group.key) {
                SwapEnd::Discarded
            } else if group.has_effect() {
                self.owing.insert(group.key.clone(), intent);
                SwapEnd::Owed
            } else {
                SwapEnd::Settled
            };
            ends.push((intent, end));
        }
        let written: Vec<_> = written.iter().map(Record::intent).collect();
        let ended = self.ledger.swaps_ended(&ends, &written);
        self.check_record(ended);
    }

    /// Records that files are about to be restored.
    pub(super) fn begin_restoration(&mut self, restoration: &Restoration) {
        let key = &restoration.group;
        let failed = self.intents_of(key).last().copied();
        self.begun.remove(key);
        let begun = self.ledger.begin(&restoration.intent(failed));
        if let Some(intent) = self.check_begin(begun) {
            self.begun.insert(key.clone(), intent);
        }
    }

    /// Records the end of a restoration: the command is owed again.
    pub(super) fn restored(&mut self, key: GroupKey, unrestored: &[PathBuf]) {
        if let Some(intent) = self.begun.remove(&key) {
            self.owing.insert(key, intent);
            let unrestored: Vec<_> = unrestored.iter().map(PathBuf::as_path).collect();
            let ended = self.ledger.restored(intent, &unrestored);
            self.check_record(ended);
        }
    }

    /// Records that a group owes the command of an earlier process.
    pub(super) fn inherit(&mut self, key: GroupKey, intent: IntentId) {
        self.inherited.insert((key, intent));
    }

    /// Records that other groups owe the commands of groups. An heir may itself leave what it has owed so far, so that
    /// no group inherits before all have left.
    pub(super) fn transfer(&mut self, all: &Transfers) {
        let intents: Vec<_> = all.keys().map(|key| self.intents_of(key)).collect();
        for key in all.keys() {
            self.forget(key);
        }
        for (intents, heirs) in intents.iter().zip(all.values()) {
            self.leave(intents, heirs);
        }
    }

    /// Lets groups owe the command of these intents.
    fn leave(&mut self, intents: &BTreeSet<IntentId>, heirs: &BTreeSet<GroupKey>) {
        for intent in intents {
            let heirs = heirs.iter().map(|heir| (heir.clone(), *intent));
            self.inherited.extend(heirs);
        }
    }

    /// Forgets what a group owes.
    fn forget(&mut self, key: &GroupKey) {
        self.owing.remove(key);
        self.inherited.retain(|(group, _)| group != key);
    }

    /// Records the end of the command of a group and its verification.
    pub(super) fn finished(&mut self, key: &GroupKey, ending: Ending) {
        let mut intents = self.intents_of(key);
        if ending != Ending::Failed {
            self.forget(key);
            self.keep_shared(&mut intents);
        }
        for intent in intents {
            let ended = self.ledger.finished(intent, ending);
            self.check_record(ended);
        }
    }

    /// Takes out the intents of which another group owes a part. The ledger ends an intent together with the earlier
    /// ones of its group, so later ones wait for these groups as well.
    fn keep_shared(&mut self, intents: &mut BTreeSet<IntentId>) {
        let is_shared = |intent: &&IntentId| self.inherited.iter().any(|(_, own)| own == *intent);
        let Some(first) = intents.iter().find(is_shared).copied() else {
            return;
        };
        let shared = intents.split_off(&first);
        let heirs = self.inherited.iter();
        let heirs = heirs.filter(|(_, intent)| shared.contains(intent));
        let heirs: BTreeSet<_> = heirs.map(|(heir, _)| heir.clone()).collect();
        self.leave(&shared, &heirs);
    }

    /// The intents for which a group owes its command, the latest one last.
    fn intents_of(&self, key: &GroupKey) -> BTreeSet<IntentId> {
        let inherited = self.inherited.iter().filter(|(group, _)| group == key);
        let inherited = inherited.map(|(_, intent)| *intent);
        inherited.chain(self.owing.get(key).copied()).collect()
    }

    /// Like [`check_record`](Self::check_record). A success ends a failure: the end of an earlier intent may be
    /// recorded on a full disk, but no new intent.
    fn check_begin<T>(&mut self, result: Result<T, LedgerError>) -> Option<T> {
        let begun = self.check_record(result);
        if begun.is_some() {
            self.health = Health::Good;
        }
        begun
    }

    /// Like [`check`](Self::check), for the result of recording something.
    fn check_record<T>(&mut self, result: Result<T, LedgerError>) -> Option<T> {
        self.is_incomplete |= result.is_err();
        self.check(result)
    }

    /// Logs the first failure.
    pub(super) fn check<T>(&mut self, result: Result<T, LedgerError>) -> Option<T> {
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
