//! Transactions: operations that take effect together or not at all.
//!
//! Input: operations. Output: the records that they read or wrote, or the errors of all operations
//! that failed.

mod catalog;
mod keys;

use super::cluster_state::Datacenter;
use super::operations::{
    CatalogOperation, CatalogRecord, Operation, OperationError, OperationResult,
};
use super::sessions::Sessions;

impl Datacenter {
    /// Executes the operations at the next raft index. If one fails, none takes effect.
    pub(crate) fn transact(
        &mut self,
        operations: &[Operation],
    ) -> Result<Vec<OperationResult>, Vec<OperationError>> {
        let refused = failures(operations, |operation| refuse(operation, &self.sessions));
        if !refused.is_empty() {
            return Err(refused);
        }
        let before = operations
            .iter()
            .any(Operation::is_write)
            .then(|| (self.kv.clone(), self.catalog.clone()));
        if before.is_some() {
            self.index += 1;
        }
        let mut results = Vec::new();
        let index = self.index;
        let errors = failures(operations, |operation| {
            let at = (index, &mut self.writes);
            match operation {
                Operation::Key(operation) => {
                    let found = keys::execute(&mut self.kv, at, &self.sessions, operation)?;
                    results.extend(found);
                }
                Operation::Catalog(operation) => {
                    results.extend(catalog::execute(&mut self.catalog, at, operation)?);
                }
            }
            Ok(())
        });
        if errors.is_empty() {
            self.end_broken_sessions();
            return Ok(results);
        }
        if let Some((kv, catalog)) = before {
            self.kv = kv;
            self.catalog = catalog;
        }
        Err(errors)
    }
}

fn failures(
    operations: &[Operation],
    mut attempt: impl FnMut(&Operation) -> Result<(), String>,
) -> Vec<OperationError> {
    let numbered = operations.iter().enumerate();
    numbered
        .filter_map(|(position, operation)| {
            let reason = attempt(operation).err()?;
            Some(OperationError { position, reason })
        })
        .collect()
}

/// Returns an error if an operation cannot be attempted.
fn refuse(operation: &Operation, sessions: &Sessions) -> Result<(), String> {
    match operation {
        Operation::Key(operation) => {
            let (key, verb) = (&operation.key, operation.verb.as_str());
            if key.is_empty() && verb != "delete-tree" {
                return Err("Must provide key".into());
            }
            if verb == "lock" && sessions.delays().contains_key(key) {
                return Err(format!("failed to lock key {key:?} due to lock delay"));
            }
            Ok(())
        }
        Operation::Catalog(CatalogOperation { verb, record, .. }) if verb != "get" => {
            match record {
                CatalogRecord::Node(node) if node.name.is_empty() => {
                    Err("Must provide node".into())
                }
                CatalogRecord::Instance(instance) if instance.name.is_empty() => {
                    Err("Must provide service name with ID".into())
                }
                CatalogRecord::Check(check) if check.id.is_empty() => {
                    Err("failed inserting check: object missing primary index".into())
                }
                _ => Ok(()),
            }
        }
        Operation::Catalog(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{CatalogRecord, KeyOperation};
    use crate::records::Node;

    fn operation(verb: &str, key: &str) -> Operation {
        Operation::Key(KeyOperation {
            verb: verb.into(),
            key: key.into(),
            value: b"x".to_vec(),
            ..KeyOperation::default()
        })
    }

    #[test]
    fn a_failed_operation_undoes_the_others() {
        let mut dc = Datacenter::default();
        let done = dc.transact(&[operation("set", "a"), operation("get", "a")]);
        let values = done.expect("results").into_iter().map(|found| match found {
            OperationResult::Key { entry, .. } => entry.value,
            other => panic!("{other:?}"),
        });
        let values: Vec<_> = values.collect();
        assert_eq!(values, [b"".to_vec(), b"x".to_vec()]);
        let failed = dc.transact(&[operation("delete", "a"), operation("get", "b")]);
        let failed = failed.expect_err("no key b");
        assert_eq!((failed.len(), failed[0].position), (1, 1));
        assert!(dc.kv.get("a").is_some());
    }

    #[test]
    fn a_failed_operation_undoes_changes_of_the_catalog() {
        let mut dc = Datacenter::default();
        let node = CatalogOperation {
            verb: "set".into(),
            index: 0,
            record: CatalogRecord::Node(Node {
                name: "n1".into(),
                ..Node::default()
            }),
        };
        let failed = dc.transact(&[Operation::Catalog(node.clone()), operation("get", "b")]);
        assert!(failed.is_err() && dc.catalog.node("n1").is_none());
        assert!(dc.transact(&[Operation::Catalog(node)]).is_ok());
        assert!(dc.catalog.node("n1").is_some());
    }

    #[test]
    fn reads_need_no_raft_index() {
        let mut dc = Datacenter::default();
        assert!(dc.transact(&[operation("get-tree", "a")]).is_ok());
        assert_eq!(dc.index, 0);
    }
}
