//! Operations on nodes, services and checks.

use crate::catalog::{Catalog, CheckError, casefold};
use crate::operations::{CatalogOperation, CatalogRecord, OperationResult};
use crate::records::{Check, Indexed};
use crate::write_index::WriteIndex;

/// Executes one operation.
pub(super) fn execute(
    catalog: &mut Catalog,
    (index, writes): (u64, &mut WriteIndex),
    operation: &CatalogOperation,
) -> Result<Option<OperationResult>, String> {
    let CatalogOperation { verb, record, .. } = operation;
    let found = find(catalog, record);
    let is_current = modified(found.as_ref()) == operation.index;
    let exists = found.is_some();
    let described = describe(record);
    let stale = |verb| Err(format!("failed to {verb} {described}, index is stale"));
    match verb.as_str() {
        "get" => {
            return found
                .map(Some)
                .ok_or_else(|| format!("{described} doesn't exist"));
        }
        "set" => put(catalog, (index, writes), record)?,
        "cas" if is_current => put(catalog, (index, writes), record)?,
        "cas" => return stale("set"),
        "delete" => remove(catalog, (index, writes), record),
        "delete-cas" if exists && is_current => remove(catalog, (index, writes), record),
        "delete-cas" => return stale("delete"),
        verb => {
            let kind = match record {
                CatalogRecord::Node(_) => "Node",
                CatalogRecord::Instance(_) => "Service",
                CatalogRecord::Check(_) => "Check",
            };
            return Err(format!("unknown {kind} verb {verb:?}"));
        }
    }
    Ok(find(catalog, record).filter(|_| !verb.starts_with("delete")))
}

/// Returns the stored record.
fn find(catalog: &Catalog, record: &CatalogRecord) -> Option<OperationResult> {
    match record {
        CatalogRecord::Node(node) => {
            let found = catalog.node(&node.name)?;
            Some(OperationResult::Node(found.clone()))
        }
        CatalogRecord::Instance(instance) => {
            let found = catalog.instance(&instance.node, &instance.id)?;
            Some(OperationResult::Instance(found.clone()))
        }
        CatalogRecord::Check(check) => {
            let found = find_check(catalog, check)?;
            Some(OperationResult::Check(found.clone()))
        }
    }
}

fn find_check<'a>(catalog: &'a Catalog, check: &Check) -> Option<&'a Indexed<Check>> {
    let id = casefold(&check.id);
    catalog
        .checks_on(&check.node)
        .find(|found| casefold(&found.value.id) == id)
}

/// Returns the index of the last change; 0 if there is no record.
fn modified(found: Option<&OperationResult>) -> u64 {
    match found {
        None | Some(OperationResult::Key { .. }) => 0,
        Some(OperationResult::Node(found)) => found.modify,
        Some(OperationResult::Instance(found)) => found.modify,
        Some(OperationResult::Check(found)) => found.modify,
    }
}

fn describe(record: &CatalogRecord) -> String {
    match record {
        CatalogRecord::Node(node) => format!("node {:?}", node.name),
        CatalogRecord::Instance(instance) => {
            format!("service {:?} on node {:?}", instance.id, instance.node)
        }
        CatalogRecord::Check(check) => format!("check {:?} on node {:?}", check.id, check.node),
    }
}

fn put(
    catalog: &mut Catalog,
    at: (u64, &mut WriteIndex),
    record: &CatalogRecord,
) -> Result<(), String> {
    match record {
        CatalogRecord::Node(node) => catalog.put_node(at, node.clone()),
        CatalogRecord::Instance(instance) => {
            if catalog.node(&instance.node).is_none() {
                return Err("Missing node registration".into());
            }
            catalog.put_instance(at, instance.clone());
        }
        CatalogRecord::Check(check) => {
            let stored = catalog.put_check(at, check.clone());
            return stored.map_err(|error| match error {
                CheckError::NoNode => "Missing node registration".into(),
                CheckError::NoService(_) => "Missing service registration".into(),
            });
        }
    }
    Ok(())
}

fn remove(catalog: &mut Catalog, at: (u64, &mut WriteIndex), record: &CatalogRecord) {
    match record {
        CatalogRecord::Node(node) => catalog.remove_node(at, &node.name),
        CatalogRecord::Instance(instance) => {
            catalog.remove_instance(at, &instance.node, &instance.id);
        }
        CatalogRecord::Check(check) => catalog.remove_check(at, &check.node, &check.id),
    }
}
