//! The catalog of one datacenter: nodes, instances, checks, and the indexes of blocking queries.
//!
//! Input: registrations with their raft index. Output: the records, and the index of each kind of
//! query.
//!
//! As in Consul, each table has an index, and each service has one: it changes when one of its
//! instances, their checks or their nodes change. An unknown service has the index of the last
//! removal of any service, or of the whole catalog if no service was ever removed.

mod lookup;

use std::collections::BTreeMap;

use super::records::{Check, Indexed, Instance, Node};
use super::write_index::{Table, WriteIndex};

/// The index of each table.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tables {
    /// The last change of a node.
    pub(crate) nodes: u64,
    /// The last change of an instance.
    pub(crate) services: u64,
    /// The last change of a check.
    pub(crate) checks: u64,
}

/// The reason why a check cannot be stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    #[error("failed inserting check: Missing node registration")]
    NoNode,
    #[error("failed inserting check: Missing service registration on node \"{0}\"")]
    NoService(String),
}

/// Returns the form in which names are compared. Consul ignores the case of names of nodes,
/// services and tags.
pub(crate) fn casefold(name: &str) -> String {
    name.to_lowercase()
}

fn record_key(node: &str, id: &str) -> (String, String) {
    (casefold(node), casefold(id))
}

type ByNode<T> = BTreeMap<(String, String), Indexed<T>>;

/// Nodes, instances and checks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    nodes: BTreeMap<String, Indexed<Node>>,
    instances: ByNode<Instance>,
    checks: ByNode<Check>,
    tables: Tables,
    services: BTreeMap<String, u64>,
    last_removal: Option<u64>,
}

impl Catalog {
    /// Registers or updates a node.
    pub(crate) fn put_node(&mut self, at: (u64, &mut WriteIndex), node: Node) {
        let (index, writes) = at;
        let old = self.nodes.get(&casefold(&node.name));
        if old.is_some_and(|old| old.value == node) {
            return;
        }
        let create = old.map_or(index, |old| old.create);
        writes.record(Table::Nodes, &casefold(&node.name), index);
        self.tables.nodes = index;
        self.touch_services_on(&node.name, index);
        self.nodes.insert(
            casefold(&node.name),
            Indexed {
                value: node,
                create,
                modify: index,
            },
        );
    }

    /// Registers or updates an instance. Its node must be registered.
    pub(crate) fn put_instance(&mut self, at: (u64, &mut WriteIndex), instance: Instance) {
        let (index, writes) = at;
        let key = record_key(&instance.node, &instance.id);
        let old = self.instances.get(&key);
        if old.is_some_and(|old| old.value == instance) {
            return;
        }
        let create = old.map_or(index, |old| old.create);
        let renamed = old
            .map(|old| casefold(&old.value.name))
            .filter(|name| *name != casefold(&instance.name));
        if let Some(renamed) = &renamed {
            writes.record(Table::ServiceInstances, renamed, index);
            self.services.insert(renamed.clone(), index);
        }
        self.record_instance(writes, &instance, index);
        self.services.insert(casefold(&instance.name), index);
        self.instances.insert(
            key,
            Indexed {
                value: instance,
                create,
                modify: index,
            },
        );
        if let Some(renamed) = renamed {
            self.drop_service_without_instances(&renamed, index);
        }
    }

    /// Registers or updates a check. The service's name and tags are copied from the instance.
    pub(crate) fn put_check(
        &mut self,
        at: (u64, &mut WriteIndex),
        mut check: Check,
    ) -> Result<(), CheckError> {
        let (index, writes) = at;
        if !self.nodes.contains_key(&casefold(&check.node)) {
            return Err(CheckError::NoNode);
        }
        if check.status.is_empty() {
            "critical".clone_into(&mut check.status);
        }
        if !check.service_id.is_empty() {
            let instance = self
                .instance(&check.node, &check.service_id)
                .ok_or_else(|| CheckError::NoService(check.node.clone()))?;
            check.service_name.clone_from(&instance.value.name);
            check.service_tags.clone_from(&instance.value.tags);
        }
        let key = record_key(&check.node, &check.id);
        let old = self.checks.get(&key);
        if old.is_some_and(|old| old.value == check) {
            // Consul 1.8 writes an unchanged check again: this changes the index of the table, but
            // not of the check and the service.
            self.record_check_write(writes, &check, index);
            return Ok(());
        }
        let create = old.map_or(index, |old| old.create);
        self.record_check(writes, &check, index);
        self.checks.insert(
            key,
            Indexed {
                value: check,
                create,
                modify: index,
            },
        );
        Ok(())
    }

    /// Removes an instance with its checks.
    pub(crate) fn remove_instance(&mut self, at: (u64, &mut WriteIndex), node: &str, id: &str) {
        let (index, writes) = at;
        let Some(gone) = self.instances.remove(&record_key(node, id)) else {
            return;
        };
        let checks: Vec<String> = self
            .checks_on(node)
            .filter(|check| casefold(&check.value.service_id) == casefold(id))
            .map(|c| c.value.id.clone())
            .collect();
        for check in checks {
            self.remove_check((index, writes), node, &check);
        }
        self.record_instance(writes, &gone.value, index);
        // Consul changes the index of the checks even if the instance had none; this wakes no
        // query.
        self.tables.checks = index;
        let name = casefold(&gone.value.name);
        self.services.insert(name.clone(), index);
        self.drop_service_without_instances(&name, index);
    }

    /// Removes a check.
    pub(crate) fn remove_check(&mut self, at: (u64, &mut WriteIndex), node: &str, id: &str) {
        let (index, writes) = at;
        let Some(gone) = self.checks.remove(&record_key(node, id)) else {
            return;
        };
        self.record_check(writes, &gone.value, index);
        if gone.value.service_id.is_empty() {
            self.tables.services = index;
        }
    }

    /// Removes a node with its instances and checks.
    pub(crate) fn remove_node(&mut self, at: (u64, &mut WriteIndex), node: &str) {
        let (index, writes) = at;
        if !self.nodes.contains_key(&casefold(node)) {
            return;
        }
        let instances: Vec<String> = self
            .instances_on(node)
            .map(|found| found.value.id.clone())
            .collect();
        for id in instances {
            self.remove_instance((index, writes), node, &id);
        }
        let checks: Vec<String> = self
            .checks_on(node)
            .map(|found| found.value.id.clone())
            .collect();
        for id in checks {
            self.remove_check((index, writes), node, &id);
        }
        self.nodes.remove(&casefold(node));
        self.tables.nodes = index;
        writes.record(Table::Nodes, &casefold(node), index);
    }

    fn record_instance(&mut self, writes: &mut WriteIndex, instance: &Instance, index: u64) {
        self.tables.services = index;
        writes.record(Table::ServiceInstances, &casefold(&instance.name), index);
        writes.record(Table::NodeInstances, &casefold(&instance.node), index);
    }

    fn record_check_write(&mut self, writes: &mut WriteIndex, check: &Check, index: u64) {
        self.tables.checks = index;
        writes.record(Table::NodeChecks, &casefold(&check.node), index);
        writes.record(Table::ServiceChecks, &casefold(&check.service_name), index);
    }

    fn record_check(&mut self, writes: &mut WriteIndex, check: &Check, index: u64) {
        self.record_check_write(writes, check, index);
        if check.service_id.is_empty() {
            self.touch_services_on(&check.node, index);
        } else {
            self.services
                .entry(casefold(&check.service_name))
                .and_modify(|at| *at = index);
        }
    }

    /// Updates the index of every service on a node, after a change of the node or its checks.
    fn touch_services_on(&mut self, node: &str, index: u64) {
        let names: Vec<String> = self
            .instances_on(node)
            .map(|found| casefold(&found.value.name))
            .collect();
        for name in names {
            self.services.insert(name, index);
        }
    }

    fn drop_service_without_instances(&mut self, name: &str, index: u64) {
        let mut instances = self.instances.values();
        if instances.any(|found| casefold(&found.value.name) == *name) {
            return;
        }
        if self.services.remove(name).is_some() {
            self.last_removal = Some(index);
        }
    }
}
