//! The answers to queries.

use serde_json::{Map, Value, json};

use super::{CertificateKind, NodeMeta, Query, SessionSelection, instances};
use crate::catalog::{Catalog, casefold};
use crate::cluster_state::Datacenter;
use crate::json_records as json;
use crate::kv::Kv;
use crate::records::{Check, Indexed, Instance, Mesh};

impl Query {
    /// Returns the body of the answer; `None` means 404.
    pub(crate) fn answer(&self, dc: &Datacenter) -> Option<Value> {
        let Datacenter { kv, catalog, .. } = dc;
        let has = |node: &str, meta: &NodeMeta| node_has(catalog, node, meta);
        let answer = match self {
            Self::Key(key) => json!([json::entry(key, kv.get(key)?)]),
            Self::Entries(prefix) => entries(kv, prefix)?,
            Self::Keys(prefix, separator) => keys(kv, prefix, separator)?,
            Self::Services(meta) => {
                let instances = catalog.instances();
                json::services(instances.filter(|found| has(&found.value.node, meta)))
            }
            Self::Nodes(meta) => {
                let nodes = catalog.nodes().values();
                nodes
                    .filter(|node| has(&node.value.name, meta))
                    .map(|node| json::node(node, &dc.name))
                    .collect()
            }
            Self::Node(name) => node(dc, name),
            Self::NodeInstances(name) => node_instances(dc, name),
            Self::Instances { name, tags, meta } => instances(catalog, name, tags)
                .filter(|found| has(&found.value.node, meta))
                .filter_map(|found| catalog_instance(dc, found))
                .collect(),
            Self::Health {
                name,
                tags,
                meta,
                passing,
            } => instances(catalog, name, tags)
                .filter(|found| has(&found.value.node, meta))
                .filter_map(|found| health(dc, found, *passing))
                .collect(),
            Self::Connect {
                name,
                meta,
                passing,
            } => catalog
                .instances()
                .filter(|found| gives_access_to(&found.value, name))
                .filter(|found| has(&found.value.node, meta))
                .filter_map(|found| health(dc, found, *passing))
                .collect(),
            Self::ConnectInstances { name, meta } => catalog
                .instances()
                .filter(|found| gives_access_to(&found.value, name))
                .filter(|found| has(&found.value.node, meta))
                .filter_map(|found| catalog_instance(dc, found))
                .collect(),
            Self::NodeChecks(node) => catalog.checks_on(node).map(json::check).collect(),
            Self::ServiceChecks { name, meta } => checks(catalog, meta, |check| {
                casefold(&check.service_name) == casefold(name)
            }),
            Self::ChecksInState { state, meta } => checks(catalog, meta, |check| {
                state == "any" || check.status == *state
            }),
            Self::Sessions(selection) => sessions(dc, selection),
            Self::Certificate(wanted) => certificate(dc, wanted)?,
        };
        Some(answer)
    }
}

fn entries(kv: &Kv, prefix: &str) -> Option<Value> {
    let entries = kv.below(prefix);
    let found: Vec<_> = entries
        .map(|(key, entry)| json::entry(key, entry))
        .collect();
    (!found.is_empty()).then(|| json!(found))
}

fn keys(kv: &Kv, prefix: &str, separator: &str) -> Option<Value> {
    let keys = kv.below(prefix).map(|(key, _)| key);
    let found = cut_keys(keys, prefix, separator);
    (!found.is_empty()).then(|| json!(found))
}

fn node(dc: &Datacenter, name: &str) -> Value {
    let Some(node) = dc.catalog.node(name) else {
        return Value::Null;
    };
    let instances = dc.catalog.instances_on(name);
    let services: Map<String, Value> = instances
        .map(|found| (found.value.id.clone(), json::instance(found)))
        .collect();
    json!({"Node": json::node(node, &dc.name), "Services": services})
}

fn node_instances(dc: &Datacenter, name: &str) -> Value {
    let Some(node) = dc.catalog.node(name) else {
        return json!({"Node": null, "Services": null});
    };
    let services: Vec<Value> = dc.catalog.instances_on(name).map(json::instance).collect();
    json!({"Node": json::node(node, &dc.name), "Services": services})
}

fn catalog_instance(dc: &Datacenter, found: &Indexed<Instance>) -> Option<Value> {
    let node = dc.catalog.node(&found.value.node)?;
    Some(json::catalog_instance(found, node, &dc.name))
}

fn sessions(dc: &Datacenter, selection: &SessionSelection) -> Value {
    let sessions = dc.sessions.all().values();
    sessions
        .filter(|session| match selection {
            SessionSelection::All => true,
            SessionSelection::OnNode(node) => casefold(&session.node) == casefold(node),
            SessionSelection::Id(id) => session.id == *id,
        })
        .map(json::session)
        .collect()
}

fn certificate(dc: &Datacenter, wanted: &CertificateKind) -> Option<Value> {
    let authority = dc.authority.as_ref()?;
    match wanted {
        CertificateKind::Roots => Some(authority.roots()),
        CertificateKind::Leaf(service) => Some(authority.leaf(service)?.body.clone()),
    }
}

fn checks(catalog: &Catalog, meta: &NodeMeta, is_wanted: impl Fn(&Check) -> bool) -> Value {
    catalog
        .checks()
        .filter(|check| is_wanted(&check.value) && node_has(catalog, &check.value.node, meta))
        .map(json::check)
        .collect()
}

/// Returns `true` if clients in the mesh reach the service through this instance.
fn gives_access_to(instance: &Instance, name: &str) -> bool {
    match &instance.mesh {
        Mesh::None => false,
        Mesh::Native => casefold(&instance.name) == casefold(name),
        Mesh::Proxy(proxy) => casefold(&proxy.destination) == casefold(name),
    }
}

fn node_has(catalog: &Catalog, node: &str, meta: &NodeMeta) -> bool {
    let has = |(key, value): &(String, String)| {
        catalog
            .node(node)
            .is_some_and(|node| node.value.meta.get(key) == Some(value))
    };
    meta.iter().all(has)
}

/// Returns an instance with its node and checks, the node's checks first. `None` if `passing` is
/// set and the instance is not passing.
fn health(dc: &Datacenter, instance: &Indexed<Instance>, passing: bool) -> Option<Value> {
    let node = dc.catalog.node(&instance.value.node)?;
    let of = |id: &str| {
        let id = casefold(id);
        dc.catalog
            .checks_on(&instance.value.node)
            .filter(move |check| casefold(&check.value.service_id) == id)
    };
    let checks: Vec<_> = of("").chain(of(&instance.value.id)).collect();
    if passing && checks.iter().any(|check| check.value.status != "passing") {
        return None;
    }
    let checks: Vec<Value> = checks.into_iter().map(json::check).collect();
    Some(json!({
        "Node": json::node(node, &dc.name), "Service": json::instance(instance), "Checks": checks,
    }))
}

/// Returns the distinct names of keys, each cut after the first separator behind the prefix.
fn cut_keys<'a>(
    keys: impl Iterator<Item = &'a str>,
    prefix: &str,
    separator: &str,
) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for key in keys {
        let behind = &key[prefix.len()..];
        let end = (!separator.is_empty())
            .then(|| behind.find(separator))
            .flatten();
        let name = end.map_or(key, |at| &key[..prefix.len() + at + separator.len()]);
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    names
}
