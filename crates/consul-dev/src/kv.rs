//! The key-value store of one datacenter.
//!
//! Input: writes with their raft index. Output: entries, and the index of a query for a key or a
//! prefix.

use std::collections::BTreeMap;

use super::write_index::{Table, WriteIndex};

/// A stored value with its flags, lock and indexes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The value.
    pub(crate) value: Vec<u8>,
    /// A number that the writer chooses; Consul does not interpret it.
    pub(crate) flags: u64,
    /// The session that holds the key's lock.
    pub(crate) session: Option<String>,
    /// How often the lock was acquired. A write without a session sets it to 0, as in Consul.
    pub(crate) lock_index: u64,
    /// The index of its first write.
    pub(crate) create: u64,
    /// The index of its last change.
    pub(crate) modify: u64,
}

impl Entry {
    /// Creates an entry without a lock. Its indexes are set when it is stored.
    fn of(value: &[u8], flags: u64) -> Self {
        Self {
            value: value.to_vec(),
            flags,
            ..Self::default()
        }
    }
}

/// The condition of a write (`?cas`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteCondition {
    /// Write always.
    Always,
    /// Write if the key has this index; 0 means that the key must not exist.
    IfIndex(u64),
}

/// The keys, the tombstones of deleted keys, and the index of the table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kv {
    entries: BTreeMap<String, Entry>,
    tombstones: BTreeMap<String, u64>,
    table: u64,
}

impl Kv {
    /// Stores a value. Returns `true` if the condition was met. Storing the same value again
    /// changes no index.
    pub(crate) fn put(
        &mut self,
        at: (u64, &mut WriteIndex),
        key: &str,
        value: &[u8],
        flags: u64,
        only: WriteCondition,
    ) -> bool {
        let (index, writes) = at;
        let old = self.entries.get(key);
        if let WriteCondition::IfIndex(wanted) = only
            && old.map_or(0, |entry| entry.modify) != wanted
        {
            return false;
        }
        let session = old.and_then(|entry| entry.session.clone());
        let entry = Entry {
            session,
            ..Entry::of(value, flags)
        };
        self.insert((index, writes), key, entry);
        true
    }

    /// Stores a value and acquires the lock of the key. Returns `true` if the session now holds it.
    pub(crate) fn lock(
        &mut self,
        at: (u64, &mut WriteIndex),
        key: &str,
        (value, flags): (&[u8], u64),
        session: &str,
    ) -> bool {
        let old = self.entries.get(key);
        let holder = old.and_then(|entry| entry.session.as_deref());
        let before = old.map_or(0, |entry| entry.lock_index);
        if holder.is_some_and(|holder| holder != session) {
            return false;
        }
        let entry = Entry {
            lock_index: before + u64::from(holder.is_none()),
            session: Some(session.to_owned()),
            ..Entry::of(value, flags)
        };
        self.insert(at, key, entry);
        true
    }

    /// Stores a value and releases the lock of the key. Returns `true` if the session held it.
    pub(crate) fn unlock(
        &mut self,
        at: (u64, &mut WriteIndex),
        key: &str,
        (value, flags): (&[u8], u64),
        session: &str,
    ) -> bool {
        let held = self
            .entries
            .get(key)
            .filter(|entry| entry.session.as_deref() == Some(session));
        let Some(lock_index) = held.map(|entry| entry.lock_index) else {
            return false;
        };
        let entry = Entry {
            lock_index,
            ..Entry::of(value, flags)
        };
        self.insert(at, key, entry);
        true
    }

    /// Releases the locks of a session, or deletes their keys. Returns the keys.
    pub(crate) fn end_session(
        &mut self,
        at: (u64, &mut WriteIndex),
        session: &str,
        delete: bool,
    ) -> Vec<String> {
        let (index, writes) = at;
        let held = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.session.as_deref() == Some(session));
        let held: Vec<(String, Entry)> = held
            .map(|(key, entry)| (key.clone(), entry.clone()))
            .collect();
        for (key, entry) in &held {
            if delete {
                self.delete((index, writes), key, WriteCondition::Always);
            } else {
                let entry = Entry {
                    session: None,
                    ..entry.clone()
                };
                self.insert((index, writes), key, entry);
            }
        }
        held.into_iter().map(|(key, _)| key).collect()
    }

    /// Stores an entry. Its indexes are set, unless it is stored already.
    fn insert(&mut self, at: (u64, &mut WriteIndex), key: &str, mut entry: Entry) {
        let (index, writes) = at;
        let old = self.entries.get(key);
        (entry.create, entry.modify) = old.map_or((index, index), |old| (old.create, old.modify));
        if old == Some(&entry) {
            return;
        }
        entry.modify = index;
        self.entries.insert(key.to_owned(), entry);
        self.table = index;
        writes.record(Table::Keys, key, index);
    }

    /// Deletes a key and leaves a tombstone. Returns `true` if the condition was met. Deleting a
    /// missing key has no effect.
    pub(crate) fn delete(
        &mut self,
        at: (u64, &mut WriteIndex),
        key: &str,
        only: WriteCondition,
    ) -> bool {
        let (index, writes) = at;
        let old = self.entries.get(key);
        if let WriteCondition::IfIndex(wanted) = only
            && old.is_none_or(|entry| entry.modify != wanted)
        {
            return false;
        }
        if self.entries.remove(key).is_some() {
            self.tombstones.insert(key.to_owned(), index);
            self.table = index;
            writes.record(Table::Keys, key, index);
        }
        true
    }

    /// Deletes all keys below a prefix. They share one tombstone; an empty prefix leaves none.
    pub(crate) fn delete_below(&mut self, at: (u64, &mut WriteIndex), prefix: &str) {
        let (index, writes) = at;
        let gone: Vec<String> = self.below(prefix).map(|(key, _)| key.to_owned()).collect();
        if gone.is_empty() {
            return;
        }
        for key in gone {
            self.entries.remove(&key);
            writes.record(Table::Keys, &key, index);
        }
        if !prefix.is_empty() {
            self.tombstones.insert(prefix.to_owned(), index);
        }
        self.table = index;
    }

    /// Returns the entry of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Returns all entries, by key.
    pub(crate) fn entries(&self) -> &BTreeMap<String, Entry> {
        &self.entries
    }

    /// Returns the entries below a prefix, by key.
    pub(crate) fn below<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Entry)> {
        self.entries
            .range(prefix.to_owned()..)
            .take_while(move |(key, _)| key.starts_with(prefix))
            .map(|(key, entry)| (key.as_str(), entry))
    }

    /// Returns the index of a query for one key: the key's own index, or the table's if the key
    /// does not exist.
    pub(crate) fn key_index(&self, key: &str) -> u64 {
        self.entries
            .get(key)
            .map_or(self.table, |entry| entry.modify)
    }

    /// Returns the index of a query for a prefix: the highest index of its keys and tombstones, or
    /// the table's if there are none.
    pub(crate) fn prefix_index(&self, prefix: &str) -> u64 {
        if prefix.is_empty() {
            return self.table;
        }
        let keys = self.below(prefix).map(|(_, entry)| entry.modify);
        let tombstones = self
            .tombstones
            .range(prefix.to_owned()..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(_, at)| *at);
        keys.chain(tombstones).max().unwrap_or(self.table)
    }

    /// Lowers all indexes to at most `to`, as after the restore of an older snapshot.
    pub(crate) fn rewind(&mut self, to: u64) {
        for entry in self.entries.values_mut() {
            entry.create = entry.create.min(to);
            entry.modify = entry.modify.min(to);
        }
        self.tombstones
            .values_mut()
            .for_each(|at| *at = (*at).min(to));
        self.table = self.table.min(to);
    }
}

#[cfg(test)]
mod tests;
