//! Changes what the server holds, without HTTP.
//!
//! in:  keys, services, statuses of checks
//! out: the same changes a request would make, with the same effect on blocking queries

use super::catalog::fold;
use super::cluster_state::{Datacenter, World, serf_health};
use super::kv::Only;
use super::records::{Check, Instance, Mesh, Node, Weights};
use super::seed::Service;
use super::store::Store;

/// The handle to change what a server holds. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct Contents {
    store: Store,
}

impl Contents {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Stores a value.
    pub fn put_key(&self, key: &str, value: &str) {
        self.store.write(|world| put_key(world.local(), key, value));
    }

    /// Deletes a key.
    pub fn delete_key(&self, key: &str) {
        self.store.write(|world| {
            world
                .local()
                .write(|kv, _, at| kv.delete(at, key, Only::Always))
        });
    }

    /// Deletes all keys below a prefix.
    pub fn delete_keys(&self, prefix: &str) {
        self.store
            .write(|world| world.local().write(|kv, _, at| kv.delete_below(at, prefix)));
    }

    /// Registers an instance of a service, or changes it. One on another node than the server's own brings its node
    /// along.
    pub fn register(&self, service: Service) {
        self.store.write(|world| register(world, service));
    }

    /// Removes an instance, on whatever node it is.
    pub fn deregister(&self, id: &str) {
        self.store.write(|world| {
            world.deregister_instance(id);
            let dc = world.local();
            let of = dc
                .catalog
                .instances()
                .find(|found| fold(&found.value.id) == fold(id));
            if let Some(node) = of.map(|found| found.value.node.clone()) {
                dc.write(|_, catalog, at| catalog.remove_instance(at, &node, id));
            }
        });
    }

    /// Removes a node with all that is on it.
    pub fn remove_node(&self, name: &str) {
        self.store.write(|world| {
            world
                .local()
                .write(|_, catalog, at| catalog.remove_node(at, name));
        });
    }

    /// Sets the status of a check. Named by the check's ID, or by that of an instance, which gets the check
    /// `service:ID` if it has none yet. Says whether there was either.
    #[must_use]
    pub fn set_check(&self, id: &str, status: &str) -> bool {
        self.store.write(|world| set_check(world, id, status))
    }

    /// The server's raft index.
    pub fn index(&self) -> u64 {
        self.store
            .read(|world| world.datacenter(None).map_or(0, |dc| dc.index))
    }
}

pub(crate) fn put_key(dc: &mut Datacenter, key: &str, value: &str) {
    dc.write(|kv, _, at| kv.put(at, key, value.as_bytes(), 0, Only::Always));
}

pub(crate) fn register(world: &mut World, service: Service) {
    let own = world.identity.node.clone();
    if service
        .node
        .as_ref()
        .is_some_and(|node| fold(node) != fold(&own))
    {
        return register_elsewhere(world.local(), service);
    }
    let (instance, status) = instance(service, &own);
    let check = status.map(|status| service_check(&instance, &status));
    let report = check
        .as_ref()
        .map(|check| (check.id.clone(), check.status.clone()));
    world.register_instance(instance, check.into_iter().collect(), false);
    if let Some((id, status)) = report {
        // A registration does not change the status of a check that is there; saying it here does.
        set_check(world, &id, &status);
    }
}

/// Registers an instance on a node that has no part in the server's agent.
pub(crate) fn register_elsewhere(dc: &mut Datacenter, service: Service) {
    let node = service
        .node
        .clone()
        .unwrap_or_else(|| format!("{}-node", service.name));
    if dc.catalog.node(&node).is_none() {
        let address = service
            .address
            .clone()
            .unwrap_or_else(|| "127.0.0.1".into());
        register_node(
            dc,
            Node {
                name: node.clone(),
                address,
                ..Node::default()
            },
            "passing",
        );
    }
    let (instance, status) = instance(service, &node);
    let check = status.map(|status| service_check(&instance, &status));
    dc.write(|_, catalog, (index, ledger)| {
        catalog.put_instance((index, ledger), instance);
        if let Some(check) = check {
            let stored = catalog.put_check((index, ledger), Check { node, ..check });
            debug_assert!(stored.is_ok(), "node and instance were registered above");
        }
    });
}

/// Registers a node with the check every agent's node has.
pub(crate) fn register_node(dc: &mut Datacenter, node: Node, status: &str) {
    let check = Check {
        status: status.to_owned(),
        ..serf_health(&node.name)
    };
    dc.write(|_, catalog, (index, ledger)| {
        catalog.put_node((index, ledger), node);
        let stored = catalog.put_check((index, ledger), check);
        debug_assert!(stored.is_ok(), "the node was registered a line above");
    });
}

fn set_check(world: &mut World, id: &str, status: &str) -> bool {
    if world.report(id, status, "").is_ok() {
        return true;
    }
    let dc = world.local();
    let known = dc
        .catalog
        .checks()
        .find(|found| found.value.id == id)
        .map(|found| found.value.clone());
    if let Some(mut check) = known {
        status.clone_into(&mut check.status);
        if let Some(own) = world.agent.checks.get_mut(id) {
            status.clone_into(&mut own.status);
        }
        return world
            .local()
            .write(|_, catalog, at| catalog.put_check(at, check))
            .is_ok();
    }
    let instance = dc
        .catalog
        .instances()
        .find(|found| found.value.id == id)
        .map(|found| found.value.clone());
    let Some(instance) = instance else {
        return false;
    };
    let check = service_check(&instance, status);
    if world.agent.checks.contains_key(&check.id) {
        return set_check(world, &check.id, status);
    }
    if instance.node == world.identity.node {
        return world.register_check(check).is_ok();
    }
    world
        .local()
        .write(|_, catalog, at| catalog.put_check(at, check))
        .is_ok()
}

fn service_check(instance: &Instance, status: &str) -> Check {
    Check {
        node: instance.node.clone(),
        id: format!("service:{}", instance.id),
        name: format!("Service '{}' check", instance.name),
        status: status.to_owned(),
        service_id: instance.id.clone(),
        kind: "ttl".into(),
        ..Check::default()
    }
}

fn instance(service: Service, node: &str) -> (Instance, Option<String>) {
    let Service {
        name,
        id,
        node: _,
        address,
        port,
        tags,
        meta,
        status,
        weights,
        proxy_of,
    } = service;
    let instance = Instance {
        node: node.to_owned(),
        id: id.unwrap_or_else(|| name.clone()),
        name,
        tags,
        address: address.unwrap_or_default(),
        port: i64::from(port),
        tagged: std::collections::BTreeMap::new(),
        meta,
        weights: weights.map_or_else(Weights::default, Weights::from),
        enable_tag_override: false,
        mesh: proxy_of.map_or(Mesh::Outside, Mesh::ProxyOf),
    };
    (instance, status.map(|status| status.name().to_owned()))
}
