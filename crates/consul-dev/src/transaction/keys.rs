//! Operations on keys.

use crate::kv::{Entry, Kv, WriteCondition};
use crate::operations::{KeyOperation, OperationResult};
use crate::sessions::Sessions;
use crate::write_index::WriteIndex;

/// Executes one operation.
pub(super) fn execute(
    kv: &mut Kv,
    at: (u64, &mut WriteIndex),
    sessions: &Sessions,
    operation: &KeyOperation,
) -> Result<Vec<OperationResult>, String> {
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

fn without_value(key: &str, entry: &Entry) -> OperationResult {
    let entry = Entry {
        value: Vec::new(),
        ..entry.clone()
    };
    OperationResult::Key {
        key: key.to_owned(),
        entry,
    }
}

/// Executes an operation that reads or checks.
fn read(kv: &Kv, operation: &KeyOperation) -> Result<Vec<OperationResult>, String> {
    let key = &operation.key;
    let found = kv.get(key);
    let with_value = |key: &str, entry: &Entry| OperationResult::Key {
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
