//! The operations of transactions, and their results.

use super::kv::Entry;
use super::records::{Check, Indexed, Instance, Node};

/// An operation of a transaction.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// On a key.
    Key(KeyOperation),
    /// On a record of the catalog.
    Catalog(CatalogOperation),
}

impl Operation {
    /// Returns `true` if the operation can change the state.
    pub(crate) fn is_write(&self) -> bool {
        match self {
            Self::Key(operation) => operation.is_write(),
            Self::Catalog(operation) => operation.verb != "get",
        }
    }
}

/// An operation on a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyOperation {
    /// The verb: `set`, `get`, …
    pub(crate) verb: String,
    /// The key.
    pub(crate) key: String,
    /// The value to write.
    pub(crate) value: Vec<u8>,
    /// The flags to write.
    pub(crate) flags: u64,
    /// The index that the key must have.
    pub(crate) index: u64,
    /// The session that locks the key.
    pub(crate) session: String,
}

impl KeyOperation {
    /// Returns `true` if the operation can change the store.
    pub(crate) fn is_write(&self) -> bool {
        const WRITES: [&str; 7] = [
            "set",
            "cas",
            "lock",
            "unlock",
            "delete",
            "delete-cas",
            "delete-tree",
        ];
        WRITES.contains(&self.verb.as_str())
    }
}

/// An operation on a record of the catalog.
#[derive(Clone, Debug)]
pub(crate) struct CatalogOperation {
    /// The verb: `set`, `get`, …
    pub(crate) verb: String,
    /// The index that the record must have; 0 if it must not exist.
    pub(crate) index: u64,
    /// The record.
    pub(crate) record: CatalogRecord,
}

/// A record of the catalog.
#[derive(Clone, Debug)]
pub(crate) enum CatalogRecord {
    Node(Node),
    Instance(Instance),
    Check(Check),
}

/// A result of an operation.
#[derive(Clone, Debug)]
pub(crate) enum OperationResult {
    /// A key. Only operations that read have the value.
    Key {
        key: String,
        entry: Entry,
    },
    Node(Indexed<Node>),
    Instance(Indexed<Instance>),
    Check(Indexed<Check>),
}

/// The error of an operation.
#[derive(Clone, Debug)]
pub(crate) struct OperationError {
    /// The position of the operation.
    pub(crate) position: usize,
    /// The reason.
    pub(crate) reason: String,
}
