//! The key-value store of one datacenter.
//!
//! in:  writes with the raft index they happen at
//! out: entries, and the index a query of a key or a prefix is at

use std::collections::BTreeMap;

use super::ledger::{Ledger, Table};

/// A stored value with what Consul keeps beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The bytes stored.
    pub(crate) value: Vec<u8>,
    /// An opaque number of the writer.
    pub(crate) flags: u64,
    /// The index of its first write.
    pub(crate) create: u64,
    /// The index of its last change.
    pub(crate) modify: u64,
}

/// When a write is to happen at all (`?cas`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Only {
    /// In any case.
    Always,
    /// While the key's index is this one; 0 means that the key is not there.
    IfAt(u64),
}

/// All keys, the graves of deleted ones, and the table's own index.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kv {
    entries: BTreeMap<String, Entry>,
    graves: BTreeMap<String, u64>,
    table: u64,
}

impl Kv {
    /// Stores a value; says whether the condition held. Writing what is already there moves no index.
    pub(crate) fn put(
        &mut self,
        at: (u64, &mut Ledger),
        key: &str,
        value: &[u8],
        flags: u64,
        only: Only,
    ) -> bool {
        let (index, ledger) = at;
        let old = self.entries.get(key);
        if let Only::IfAt(wanted) = only
            && old.map_or(0, |entry| entry.modify) != wanted
        {
            return false;
        }
        if old.is_some_and(|entry| entry.value == value && entry.flags == flags) {
            return true;
        }
        let create = old.map_or(index, |entry| entry.create);
        self.entries.insert(
            key.to_owned(),
            Entry {
                value: value.to_vec(),
                flags,
                create,
                modify: index,
            },
        );
        self.table = index;
        ledger.note(Table::Keys, key, index);
        true
    }

    /// Deletes a key, leaving its grave; says whether the condition held. A missing key is deleted already.
    pub(crate) fn delete(&mut self, at: (u64, &mut Ledger), key: &str, only: Only) -> bool {
        let (index, ledger) = at;
        let old = self.entries.get(key);
        if let Only::IfAt(wanted) = only
            && old.is_none_or(|entry| entry.modify != wanted)
        {
            return false;
        }
        if self.entries.remove(key).is_some() {
            self.graves.insert(key.to_owned(), index);
            self.table = index;
            ledger.note(Table::Keys, key, index);
        }
        true
    }

    /// Deletes all keys below a prefix. One grave stands for them all, and none for the whole store.
    pub(crate) fn delete_below(&mut self, at: (u64, &mut Ledger), prefix: &str) {
        let (index, ledger) = at;
        let gone: Vec<String> = self.below(prefix).map(|(key, _)| key.to_owned()).collect();
        if gone.is_empty() {
            return;
        }
        for key in gone {
            self.entries.remove(&key);
            ledger.note(Table::Keys, &key, index);
        }
        if !prefix.is_empty() {
            self.graves.insert(prefix.to_owned(), index);
        }
        self.table = index;
    }

    /// The entry of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// All entries, by key.
    pub(crate) fn entries(&self) -> &BTreeMap<String, Entry> {
        &self.entries
    }

    /// The entries below a prefix, by key.
    pub(crate) fn below<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Entry)> {
        self.entries
            .range(prefix.to_owned()..)
            .take_while(move |(key, _)| key.starts_with(prefix))
            .map(|(key, entry)| (key.as_str(), entry))
    }

    /// The index a query of one key is at: the key's own, or the table's when it is not there.
    pub(crate) fn key_index(&self, key: &str) -> u64 {
        self.entries
            .get(key)
            .map_or(self.table, |entry| entry.modify)
    }

    /// The index a query of a prefix is at: the youngest of its keys and graves, or the table's when there are none.
    pub(crate) fn prefix_index(&self, prefix: &str) -> u64 {
        if prefix.is_empty() {
            return self.table;
        }
        let keys = self.below(prefix).map(|(_, entry)| entry.modify);
        let graves = self
            .graves
            .range(prefix.to_owned()..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(_, at)| *at);
        keys.chain(graves).max().unwrap_or(self.table)
    }

    /// Lowers every index to this one at most, as after a restore of an older snapshot.
    pub(crate) fn rewind(&mut self, to: u64) {
        for entry in self.entries.values_mut() {
            entry.create = entry.create.min(to);
            entry.modify = entry.modify.min(to);
        }
        self.graves.values_mut().for_each(|at| *at = (*at).min(to));
        self.table = self.table.min(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(kv: &mut Kv, index: u64, key: &str, value: &str) {
        assert!(kv.put(
            (index, &mut Ledger::default()),
            key,
            value.as_bytes(),
            0,
            Only::Always
        ));
    }

    #[test]
    fn the_same_value_moves_no_index() {
        let mut kv = Kv::default();
        put(&mut kv, 5, "a", "x");
        put(&mut kv, 6, "a", "x");
        assert_eq!(kv.key_index("a"), 5);
    }

    #[test]
    fn a_missing_key_is_at_the_tables_index() {
        let mut kv = Kv::default();
        assert_eq!(kv.key_index("b"), 0);
        put(&mut kv, 5, "a", "x");
        assert_eq!(kv.key_index("b"), 5);
        assert_eq!(kv.prefix_index("none/"), 5);
    }

    #[test]
    fn a_grave_keeps_its_prefix_at_the_deletion() {
        let mut kv = Kv::default();
        put(&mut kv, 5, "app/one", "x");
        put(&mut kv, 6, "app/two", "x");
        assert!(kv.delete((7, &mut Ledger::default()), "app/one", Only::Always));
        put(&mut kv, 8, "other", "x");
        assert_eq!(kv.prefix_index("app/"), 7);
    }

    #[test]
    fn check_and_set_holds_to_its_condition() {
        let mut kv = Kv::default();
        let mut ledger = Ledger::default();
        assert!(kv.put((5, &mut ledger), "a", b"1", 0, Only::IfAt(0)));
        assert!(!kv.put((6, &mut ledger), "a", b"2", 0, Only::IfAt(0)));
        assert!(kv.put((7, &mut ledger), "a", b"2", 0, Only::IfAt(5)));
        assert!(!kv.delete((8, &mut ledger), "a", Only::IfAt(5)));
        assert!(!kv.delete((8, &mut ledger), "none", Only::IfAt(0)));
    }
}
