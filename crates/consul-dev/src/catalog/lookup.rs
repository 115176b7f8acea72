//! Lookups in the catalog, and the indexes of queries.

use std::collections::BTreeMap;

use super::{Catalog, Tables, casefold, record_key};
use crate::records::{Check, Indexed, Instance, Node};

impl Catalog {
    /// Returns a node.
    pub(crate) fn node(&self, name: &str) -> Option<&Indexed<Node>> {
        self.nodes.get(&casefold(name))
    }

    /// Returns all nodes, by name in lower case.
    pub(crate) fn nodes(&self) -> &BTreeMap<String, Indexed<Node>> {
        &self.nodes
    }

    /// Returns all instances, by node and ID.
    pub(crate) fn instances(&self) -> impl Iterator<Item = &Indexed<Instance>> {
        self.instances.values()
    }

    /// Returns an instance.
    pub(crate) fn instance(&self, node: &str, id: &str) -> Option<&Indexed<Instance>> {
        self.instances.get(&record_key(node, id))
    }

    /// Returns all checks, by node and ID.
    pub(crate) fn checks(&self) -> impl Iterator<Item = &Indexed<Check>> {
        self.checks.values()
    }

    /// Returns the index of each service, by name in lower case.
    pub(crate) fn services(&self) -> &BTreeMap<String, u64> {
        &self.services
    }

    /// Returns the instances on a node, by ID.
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

    /// Returns the checks on a node, by ID.
    pub(crate) fn checks_on(&self, node: &str) -> impl Iterator<Item = &Indexed<Check>> + use<'_> {
        let node = casefold(node);
        self.checks
            .range((node.clone(), String::new())..)
            .take_while(move |(at, _)| at.0 == node)
            .map(|(_, it)| it)
    }

    /// Returns the index of each table.
    pub(crate) fn tables(&self) -> Tables {
        self.tables
    }

    /// Returns the index of a query for one service.
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

    /// Lowers all indexes to at most `to`, as after the restore of an older snapshot.
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
