//! The catalog of one datacenter: nodes, instances, checks, and the indexes blocking queries live on.
//!
//! in:  registrations with the raft index they happen at
//! out: the records, and the index each kind of query is at
//!
//! As in Consul, each table has an index, and so has each service: a change of one of its instances, of their checks
//! or nodes moves it. A service that is not there is at the index of the last service that went away, or at that of
//! the whole catalog when none ever did.

use std::collections::BTreeMap;

use super::ledger::{Ledger, Table};
use super::records::{Check, Instance, Node, Stamped};

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

/// Why a check cannot be stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    #[error("failed inserting check: Missing node registration")]
    NoNode,
    #[error("failed inserting check: Missing service registration on node \"{0}\"")]
    NoService(String),
}

/// Names of nodes, services and tags are the same in capital and small letters.
pub(crate) fn fold(name: &str) -> String {
    name.to_lowercase()
}

fn place(node: &str, id: &str) -> (String, String) {
    (fold(node), fold(id))
}

type ByNode<T> = BTreeMap<(String, String), Stamped<T>>;

/// Nodes, instances and checks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    nodes: BTreeMap<String, Stamped<Node>>,
    instances: ByNode<Instance>,
    checks: ByNode<Check>,
    tables: Tables,
    services: BTreeMap<String, u64>,
    last_extinction: Option<u64>,
}

impl Catalog {
    /// Registers a node or changes it.
    pub(crate) fn put_node(&mut self, at: (u64, &mut Ledger), node: Node) {
        let (index, ledger) = at;
        let old = self.nodes.get(&fold(&node.name));
        if old.is_some_and(|old| old.value == node) {
            return;
        }
        let create = old.map_or(index, |old| old.create);
        ledger.note(Table::Nodes, &fold(&node.name), index);
        self.tables.nodes = index;
        self.touch_services_of(&node.name, index);
        self.nodes.insert(
            fold(&node.name),
            Stamped {
                value: node,
                create,
                modify: index,
            },
        );
    }

    /// Registers an instance or changes it. Its node must be there.
    pub(crate) fn put_instance(&mut self, at: (u64, &mut Ledger), instance: Instance) {
        let (index, ledger) = at;
        let place = place(&instance.node, &instance.id);
        let old = self.instances.get(&place);
        if old.is_some_and(|old| old.value == instance) {
            return;
        }
        let create = old.map_or(index, |old| old.create);
        if let Some(renamed) = old
            .map(|old| fold(&old.value.name))
            .filter(|name| *name != fold(&instance.name))
        {
            ledger.note(Table::ServiceInstances, &renamed, index);
            self.services.insert(renamed, index);
        }
        self.note_instance(ledger, &instance, index);
        self.services.insert(fold(&instance.name), index);
        self.instances.insert(
            place,
            Stamped {
                value: instance,
                create,
                modify: index,
            },
        );
        self.forget_services_without_instances(index);
    }

    /// Registers a check or changes it, filling in the service's name and tags.
    pub(crate) fn put_check(
        &mut self,
        at: (u64, &mut Ledger),
        mut check: Check,
    ) -> Result<(), CheckError> {
        let (index, ledger) = at;
        if !self.nodes.contains_key(&fold(&check.node)) {
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
        let place = place(&check.node, &check.id);
        let old = self.checks.get(&place);
        if old.is_some_and(|old| old.value == check) {
            // Consul 1.8 writes it all the same: the table moves, neither the check nor its service does.
            self.note_written_check(ledger, &check, index);
            return Ok(());
        }
        let create = old.map_or(index, |old| old.create);
        self.note_check(ledger, &check, index);
        self.checks.insert(
            place,
            Stamped {
                value: check,
                create,
                modify: index,
            },
        );
        Ok(())
    }

    /// Removes an instance with its checks.
    pub(crate) fn remove_instance(&mut self, at: (u64, &mut Ledger), node: &str, id: &str) {
        let (index, ledger) = at;
        let Some(gone) = self.instances.remove(&place(node, id)) else {
            return;
        };
        let checks: Vec<String> = self
            .checks_on(node)
            .filter(|check| fold(&check.value.service_id) == fold(id))
            .map(|c| c.value.id.clone())
            .collect();
        for check in checks {
            self.remove_check((index, ledger), node, &check);
        }
        self.note_instance(ledger, &gone.value, index);
        // Consul moves the checks' index even when the instance had none; nobody wakes for it.
        self.tables.checks = index;
        self.services.insert(fold(&gone.value.name), index);
        self.forget_services_without_instances(index);
    }

    /// Removes a check.
    pub(crate) fn remove_check(&mut self, at: (u64, &mut Ledger), node: &str, id: &str) {
        let (index, ledger) = at;
        let Some(gone) = self.checks.remove(&place(node, id)) else {
            return;
        };
        self.note_check(ledger, &gone.value, index);
        if gone.value.service_id.is_empty() {
            self.tables.services = index;
        }
    }

    /// Removes a node with all that is on it.
    pub(crate) fn remove_node(&mut self, at: (u64, &mut Ledger), node: &str) {
        let (index, ledger) = at;
        if !self.nodes.contains_key(&fold(node)) {
            return;
        }
        let instances: Vec<String> = self
            .instances_on(node)
            .map(|found| found.value.id.clone())
            .collect();
        for id in instances {
            self.remove_instance((index, ledger), node, &id);
        }
        let checks: Vec<String> = self
            .checks_on(node)
            .map(|found| found.value.id.clone())
            .collect();
        for id in checks {
            self.remove_check((index, ledger), node, &id);
        }
        self.nodes.remove(&fold(node));
        self.tables.nodes = index;
        ledger.note(Table::Nodes, &fold(node), index);
    }

    fn note_instance(&mut self, ledger: &mut Ledger, instance: &Instance, index: u64) {
        self.tables.services = index;
        ledger.note(Table::ServiceInstances, &fold(&instance.name), index);
        ledger.note(Table::NodeInstances, &fold(&instance.node), index);
    }

    fn note_written_check(&mut self, ledger: &mut Ledger, check: &Check, index: u64) {
        self.tables.checks = index;
        ledger.note(Table::NodeChecks, &fold(&check.node), index);
        ledger.note(Table::ServiceChecks, &fold(&check.service_name), index);
    }

    fn note_check(&mut self, ledger: &mut Ledger, check: &Check, index: u64) {
        self.note_written_check(ledger, check, index);
        if check.service_id.is_empty() {
            self.touch_services_of(&check.node, index);
        } else {
            self.services
                .entry(fold(&check.service_name))
                .and_modify(|at| *at = index);
        }
    }

    /// A change of a node or of a check of it is a change of every service on it.
    fn touch_services_of(&mut self, node: &str, index: u64) {
        let names: Vec<String> = self
            .instances_on(node)
            .map(|found| fold(&found.value.name))
            .collect();
        for name in names {
            self.services.insert(name, index);
        }
    }

    fn forget_services_without_instances(&mut self, index: u64) {
        let before = self.services.len();
        let instances = &self.instances;
        self.services.retain(|name, _| {
            instances
                .values()
                .any(|found| fold(&found.value.name) == *name)
        });
        if self.services.len() < before {
            self.last_extinction = Some(index);
        }
    }
}

/// Looking things up.
impl Catalog {
    /// One node.
    pub(crate) fn node(&self, name: &str) -> Option<&Stamped<Node>> {
        self.nodes.get(&fold(name))
    }

    /// All nodes, by folded name.
    pub(crate) fn nodes(&self) -> &BTreeMap<String, Stamped<Node>> {
        &self.nodes
    }

    /// All instances, by node and ID.
    pub(crate) fn instances(&self) -> impl Iterator<Item = &Stamped<Instance>> {
        self.instances.values()
    }

    /// One instance.
    pub(crate) fn instance(&self, node: &str, id: &str) -> Option<&Stamped<Instance>> {
        self.instances.get(&place(node, id))
    }

    /// All checks, by node and ID.
    pub(crate) fn checks(&self) -> impl Iterator<Item = &Stamped<Check>> {
        self.checks.values()
    }

    /// The folded names of all services.
    pub(crate) fn services(&self) -> &BTreeMap<String, u64> {
        &self.services
    }

    /// The instances on a node, by ID.
    pub(crate) fn instances_on(
        &self,
        node: &str,
    ) -> impl Iterator<Item = &Stamped<Instance>> + use<'_> {
        let node = fold(node);
        self.instances
            .range((node.clone(), String::new())..)
            .take_while(move |(at, _)| at.0 == node)
            .map(|(_, it)| it)
    }

    /// The checks on a node, by ID.
    pub(crate) fn checks_on(&self, node: &str) -> impl Iterator<Item = &Stamped<Check>> + use<'_> {
        let node = fold(node);
        self.checks
            .range((node.clone(), String::new())..)
            .take_while(move |(at, _)| at.0 == node)
            .map(|(_, it)| it)
    }

    /// The index of each table.
    pub(crate) fn tables(&self) -> Tables {
        self.tables
    }

    /// The index a query of one service is at.
    pub(crate) fn service_index(&self, name: &str, with_checks: bool) -> u64 {
        let Tables {
            nodes,
            services,
            checks,
        } = self.tables;
        let whole = nodes
            .max(services)
            .max(if with_checks { checks } else { 0 });
        self.services
            .get(&fold(name))
            .copied()
            .or(self.last_extinction)
            .unwrap_or(whole)
    }

    /// Lowers every index to this one at most, as after a restore of an older snapshot.
    pub(crate) fn rewind(&mut self, to: u64) {
        fn lower<T>(stamped: &mut Stamped<T>, to: u64) {
            stamped.create = stamped.create.min(to);
            stamped.modify = stamped.modify.min(to);
        }
        self.nodes.values_mut().for_each(|found| lower(found, to));
        self.instances
            .values_mut()
            .for_each(|found| lower(found, to));
        self.checks.values_mut().for_each(|found| lower(found, to));
        self.services
            .values_mut()
            .for_each(|at| *at = (*at).min(to));
        let Tables {
            nodes,
            services,
            checks,
        } = self.tables;
        self.tables = Tables {
            nodes: nodes.min(to),
            services: services.min(to),
            checks: checks.min(to),
        };
        self.last_extinction = self.last_extinction.map(|at| at.min(to));
    }
}
