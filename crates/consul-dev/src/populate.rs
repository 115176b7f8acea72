//! Writes seeds and registrations into the state.
//!
//! Input: a [`Seed`], a [`Service`], the status of a check. Output: the same changes that requests
//! of a client would make.

use std::collections::BTreeMap;

use super::catalog::casefold;
use super::check_method::NewCheck;
use super::cluster_state::{ClusterState, Datacenter, serf_health};
use super::ids;
use super::kv::WriteCondition;
use super::records::{Check, Instance, Mesh, Node, Proxy, Weights};
use super::seed::{Scalar, Seed, SeedDatacenter, SeedNode, Service, Status};

/// The initial raft index of a datacenter.
const FIRST_INDEX: u64 = 4;

/// Writes a seed into a new server.
pub(crate) fn seed(cluster: &mut ClusterState, seed: Seed) {
    let Seed {
        kv,
        services,
        nodes,
        datacenters,
    } = seed;
    keys_and_nodes(cluster.local(), &kv, nodes);
    for service in services {
        register(cluster, service);
    }
    for (name, contents) in datacenters {
        let SeedDatacenter {
            kv,
            services,
            nodes,
        } = contents;
        let new = Datacenter {
            name: name.clone(),
            index: FIRST_INDEX,
            ..Datacenter::default()
        };
        let dc = cluster.datacenters.entry(name).or_insert(new);
        keys_and_nodes(dc, &kv, nodes);
        for service in services {
            register_on_node(dc, service);
        }
    }
}

fn keys_and_nodes(dc: &mut Datacenter, kv: &BTreeMap<String, Scalar>, nodes: Vec<SeedNode>) {
    for (key, Scalar(value)) in kv {
        put_key(dc, key, value);
    }
    for SeedNode {
        name,
        address,
        meta,
        status,
    } in nodes
    {
        let node = Node {
            id: node_id(dc, &name),
            name,
            address,
            meta,
            ..Node::default()
        };
        register_node(dc, node, status.unwrap_or(Status::Passing).name());
    }
}

/// Stores a value.
pub(crate) fn put_key(dc: &mut Datacenter, key: &str, value: &str) {
    dc.write(|kv, _, at| kv.put(at, key, value.as_bytes(), 0, WriteCondition::Always));
}

/// Registers an instance with the server's own agent, or in the catalog if it names another node.
pub(crate) fn register(cluster: &mut ClusterState, service: Service) {
    let own = cluster.identity.node.clone();
    let is_elsewhere = |node: &String| casefold(node) != casefold(&own);
    if service.node.as_ref().is_some_and(is_elsewhere) {
        return register_on_node(cluster.local(), service);
    }
    let (instance, status) = instance(service, &own);
    let check = status.map(|status| service_check(&instance, &status));
    let report = check
        .as_ref()
        .map(|check| (check.id.clone(), check.status.clone()));
    let checks = check.map(|check| NewCheck {
        check,
        definition: None,
    });
    cluster.register_instance(instance, checks.into_iter().collect(), false);
    if let Some((id, status)) = report {
        // A registration keeps the status of an existing check, so set it here.
        set_check(cluster, &id, &status);
    }
}

/// Registers an instance in the catalog only. An unknown node is registered too.
fn register_on_node(dc: &mut Datacenter, service: Service) {
    let node = service
        .node
        .clone()
        .unwrap_or_else(|| format!("{}-node", service.name));
    if dc.catalog.node(&node).is_none() {
        let address = service.address.clone();
        let node = Node {
            id: node_id(dc, &node),
            name: node.clone(),
            address: address.unwrap_or_else(|| "127.0.0.1".into()),
            ..Node::default()
        };
        register_node(dc, node, "passing");
    }
    let (instance, status) = instance(service, &node);
    let check = status.map(|status| service_check(&instance, &status));
    dc.write(|_, catalog, (index, writes)| {
        catalog.put_instance((index, writes), instance);
        if let Some(check) = check {
            let stored = catalog.put_check((index, writes), Check { node, ..check });
            debug_assert!(stored.is_ok(), "node and instance are registered above");
        }
    });
}

/// Returns the ID of a node; it is the same after each start.
fn node_id(dc: &Datacenter, node: &str) -> String {
    ids::of_name(&format!("{}/{node}", dc.name))
}

/// Registers a node with the check `serfHealth`, which every agent's node has.
fn register_node(dc: &mut Datacenter, node: Node, status: &str) {
    let check = Check {
        status: status.to_owned(),
        ..serf_health(&node.name)
    };
    dc.write(|_, catalog, (index, writes)| {
        catalog.put_node((index, writes), node);
        let stored = catalog.put_check((index, writes), check);
        debug_assert!(stored.is_ok(), "the node is registered a line above");
    });
}

/// Sets the status of a check. `id` is the check's ID, or the ID of its instance. Returns `false`
/// if there is no such check or instance.
pub(crate) fn set_check(cluster: &mut ClusterState, id: &str, status: &str) -> bool {
    if cluster.report(id, status, "").is_ok() {
        return true;
    }
    let catalog = &cluster.local().catalog;
    let check = catalog.checks().find(|found| found.value.id == id);
    if let Some(mut check) = check.map(|found| found.value.clone()) {
        status.clone_into(&mut check.status);
        if let Some(own) = cluster.agent.checks.get_mut(id) {
            status.clone_into(&mut own.status);
        }
        return put_check(cluster, check);
    }
    let instance = catalog.instances().find(|found| found.value.id == id);
    let Some(instance) = instance.map(|found| found.value.clone()) else {
        return false;
    };
    let check = service_check(&instance, status);
    if cluster.agent.checks.contains_key(&check.id) {
        return set_check(cluster, &check.id, status);
    }
    if instance.node == cluster.identity.node {
        let definition = None;
        return cluster
            .register_check(NewCheck { check, definition })
            .is_ok();
    }
    put_check(cluster, check)
}

fn put_check(cluster: &mut ClusterState, check: Check) -> bool {
    let dc = cluster.local();
    dc.write(|_, catalog, at| catalog.put_check(at, check))
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
        tagged: BTreeMap::new(),
        meta,
        weights: weights.map_or_else(Weights::default, Weights::from),
        enable_tag_override: false,
        mesh: proxy_of.map_or(Mesh::None, |service| {
            Mesh::Proxy(Box::new(Proxy::of(service)))
        }),
    };
    (instance, status.map(|status| status.name().to_owned()))
}
