//! Lookups in the catalog, and its indexes.

use std::collections::BTreeMap;

use super::{Catalog, Tables, casefold, record_key};
use crate::records::{Check, Indexed, Instance, Node};

impl Catalog {
    /// One node.
    pub(crate) fn node(&self, name: &str) -> Option<&Indexed<Node>> {
        self.nodes.get(&casefold(name))
    }

    /// All nodes, by name in lower case.
    pub(crate) fn nodes(&self) -> &BTreeMap<String, Indexed<Node>> {
        &self.nodes
    }

    /// All instances, by node and ID.
    pub(crate) fn instances(&self) -> impl Iterator<Item = &Indexed<Instance>> {
        self.instances.values()
    }

    /// One instance.
    pub(crate) fn instance(&self, node: &str, id: &str) -> Option<&Indexed<Instance>> {
        self.instances.get(&record_key(node, id))
    }

    /// All checks, by node and ID.
    pub(crate) fn checks(&self) -> impl Iterator<Item = &Indexed<Check>> {
        self.checks.values()
    }

    /// The index of each service, by name in lower case.
    pub(crate) fn services(&self) -> &BTreeMap<String, u64> {
        &self.services
    }

    /// The instances on a node, by ID.
    pub(crate) fn instances_on(
        &self,
        node: &str,
    ) -> impl Iterator<Item = &Indexed<Instance>> + use<'_> {
        let node = casefold(node);
        self.instances
            .range((node.clone(), String::new())..)
            .take_while(move |(at, _)| at.0 == node)
            .map(|(_, it)| it)
    }

    /// The checks on a node, by ID.
    pub(crate) fn checks_on(&self, node: &str) -> impl Iterator<Item = &Indexed<Check>> + use<'_> {
        let node = casefold(node);
        self.checks
            .range((node.clone(), String::new())..)
            .take_while(move |(at, _)| at.0 == node)
            .map(|(_, it)| it)
    }

    /// The index of each table.
    pub(crate) fn tables(&self) -> Tables {
        self.tables
    }

    /// The index of a query of one service.
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
            .get(&casefold(name))
            .copied()
            .or(self.last_removal)
            .unwrap_or(whole)
    }

    /// Lowers every index to `to` at most, as after the restore of an older snapshot.
    pub(crate) fn rewind(&mut self, to: u64) {
        fn lower<T>(record: &mut Indexed<T>, to: u64) {
            record.create = record.create.min(to);
            record.modify = record.modify.min(to);
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
        self.last_removal = self.last_removal.map(|at| at.min(to));
    }
}
