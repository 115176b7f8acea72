//! Transactions of keys: operations that take effect together or not at all.
//!
//! Input: operations. Output: the entries that they read or wrote, or the errors of all operations
//! that failed.

use super::cluster_state::Datacenter;
use super::kv::{Entry, Kv, WriteCondition};
use super::sessions::Sessions;
use super::write_index::WriteIndex;

/// An operation of a transaction.
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

/// An entry in the result of a transaction.
#[derive(Clone, Debug)]
pub(crate) struct KeyResult {
    /// The key.
    pub(crate) key: String,
    /// The entry. Only operations that read have the value.
    pub(crate) entry: Entry,
}

/// The error of an operation.
#[derive(Clone, Debug)]
pub(crate) struct OperationError {
    /// The position of the operation.
    pub(crate) position: usize,
    /// The reason.
    pub(crate) reason: String,
}

impl Datacenter {
    /// Executes the operations at the next raft index. If one fails, none takes effect.
    pub(crate) fn transact(
        &mut self,
        operations: &[KeyOperation],
    ) -> Result<Vec<KeyResult>, Vec<OperationError>> {
        let refused: Vec<OperationError> = failures(operations, |operation| {
            refuse(operation, &self.sessions).map_or(Ok(()), Err)
        });
        if !refused.is_empty() {
            return Err(refused);
        }
        let before = operations
            .iter()
            .any(KeyOperation::is_write)
            .then(|| self.kv.clone());
        if before.is_some() {
            self.index += 1;
        }
        let mut results = Vec::new();
        let at = self.index;
        let errors = failures(operations, |operation| {
            let found = execute(
                &mut self.kv,
                (at, &mut self.writes),
                &self.sessions,
                operation,
            )?;
            results.extend(found);
            Ok(())
        });
        if errors.is_empty() {
            return Ok(results);
        }
        if let Some(before) = before {
            self.kv = before;
        }
        Err(errors)
    }
}

fn failures(
    operations: &[KeyOperation],
    mut attempt: impl FnMut(&KeyOperation) -> Result<(), String>,
) -> Vec<OperationError> {
    let numbered = operations.iter().enumerate();
    numbered
        .filter_map(|(position, operation)| {
            let reason = attempt(operation).err()?;
            Some(OperationError { position, reason })
        })
        .collect()
}

/// Returns the reason why an operation cannot be attempted.
fn refuse(operation: &KeyOperation, sessions: &Sessions) -> Option<String> {
    let key = &operation.key;
    if key.is_empty() && operation.verb != "delete-tree" {
        return Some("Must provide key".into());
    }
    let is_delayed = operation.verb == "lock" && sessions.delays().contains_key(key);
    is_delayed.then(|| format!("failed to lock key {key:?} due to lock delay"))
}

/// Executes one operation.
fn execute(
    kv: &mut Kv,
    at: (u64, &mut WriteIndex),
    sessions: &Sessions,
    operation: &KeyOperation,
) -> Result<Vec<KeyResult>, String> {
    let KeyOperation {
        verb,
        key,
        value,
        flags,
        index,
        session,
    } = operation;
    let only = WriteCondition::IfIndex(*index);
    let write = (&value[..], *flags);
    let stale = |verb| Err(format!("failed to {verb} key {key:?}, index is stale"));
    match verb.as_str() {
        "set" => {
            kv.put(at, key, value, *flags, WriteCondition::Always);
        }
        "cas" => {
            if !kv.put(at, key, value, *flags, only) {
                return stale("set");
            }
        }
        "lock" => {
            sessions.check_holder(session)?;
            if !kv.lock(at, key, write, session) {
                return Err(format!("failed to lock key {key:?}, lock is already held"));
            }
        }
        "unlock" => {
            if session.is_empty() {
                return Err("missing session".into());
            }
            if !kv.unlock(at, key, write, session) {
                let text = "lock isn't held, or is held by another session";
                return Err(format!("failed to unlock key {key:?}, {text}"));
            }
        }
        "delete" => {
            kv.delete(at, key, WriteCondition::Always);
        }
        "delete-tree" => kv.delete_below(at, key),
        "delete-cas" => {
            // Consul accepts the deletion of a key that does not exist.
            if kv.get(key).is_some() && !kv.delete(at, key, only) {
                return stale("delete");
            }
        }
        _ => return read(kv, operation),
    }
    let written = kv.get(key).filter(|_| !verb.starts_with("delete"));
    Ok(written
        .map(|entry| without_value(key, entry))
        .into_iter()
        .collect())
}

fn without_value(key: &str, entry: &Entry) -> KeyResult {
    let entry = Entry {
        value: Vec::new(),
        ..entry.clone()
    };
    KeyResult {
        key: key.to_owned(),
        entry,
    }
}

/// Executes an operation that reads or checks.
fn read(kv: &Kv, operation: &KeyOperation) -> Result<Vec<KeyResult>, String> {
    let key = &operation.key;
    let found = kv.get(key);
    let with_value = |key: &str, entry: &Entry| KeyResult {
        key: key.to_owned(),
        entry: entry.clone(),
    };
    match operation.verb.as_str() {
        "get" => found
            .map(|entry| vec![with_value(key, entry)])
            .ok_or_else(|| format!("key {key:?} doesn't exist")),
        "get-tree" => Ok(kv
            .below(key)
            .map(|(key, entry)| with_value(key, entry))
            .collect()),
        "check-index" => {
            let entry =
                found.ok_or_else(|| format!("failed to check index, key {key:?} doesn't exist"))?;
            let (now, wanted) = (entry.modify, operation.index);
            if now == wanted {
                return Ok(vec![without_value(key, entry)]);
            }
            Err(format!(
                "failed index check for key {key:?}, current modify index {now} != {wanted}"
            ))
        }
        "check-session" => {
            let entry = found
                .ok_or_else(|| format!("failed to check session, key {key:?} doesn't exist"))?;
            let now = entry.session.as_deref().unwrap_or_default();
            if now == operation.session {
                return Ok(vec![without_value(key, entry)]);
            }
            Err(format!(
                "failed session check for key {key:?}, current session {now:?} != {:?}",
                operation.session
            ))
        }
        "check-not-exists" if found.is_some() => Err(format!("key {key:?} exists")),
        "check-not-exists" => Ok(Vec::new()),
        verb => Err(format!("unknown KV verb {verb:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(verb: &str, key: &str) -> KeyOperation {
        KeyOperation {
            verb: verb.into(),
            key: key.into(),
            value: b"x".to_vec(),
            ..KeyOperation::default()
        }
    }

    #[test]
    fn a_failed_operation_undoes_the_others() {
        let mut dc = Datacenter::default();
        let done = dc.transact(&[operation("set", "a"), operation("get", "a")]);
        let values: Vec<_> = done
            .expect("results")
            .into_iter()
            .map(|it| it.entry.value)
            .collect();
        assert_eq!(values, [b"".to_vec(), b"x".to_vec()]);
        let failed = dc.transact(&[operation("delete", "a"), operation("get", "b")]);
        let failed = failed.expect_err("no key b");
        assert_eq!((failed.len(), failed[0].position), (1, 1));
        assert!(dc.kv.get("a").is_some());
    }

    #[test]
    fn reads_need_no_raft_index() {
        let mut dc = Datacenter::default();
        assert!(dc.transact(&[operation("get-tree", "a")]).is_ok());
        assert_eq!(dc.index, 0);
    }
}
