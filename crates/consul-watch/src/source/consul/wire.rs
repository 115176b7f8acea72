//! Reads Consul's JSON into typed answers.
//!
//! Unknown fields are ignored; missing ones and `null` are empty or null. Sorting, filtering and derived
//! values (health, address) are as in consul-template.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::answer::{
    Answer, Check, Instance, Node, NodeService, NodeServices, Nullable, ServiceTags, TaggedAddress,
    TextMap, Weights, or_default,
};
use crate::query::{ConsulQuery, Health, ServiceQuery};

mod json;
mod mesh;
mod overview;
mod pairs;

pub(super) use json::WireError;
use json::json;
pub(super) use overview::{names_of_nodes, node_snapshot, subjects_of_checks};
use pairs::pairs;

/// Reads the answer to a query. It may share what is unchanged with the previous one. The error has the position, but
/// never quotes the body.
pub(super) fn read(
    query: &ConsulQuery,
    body: &[u8],
    previous: Option<&Answer>,
) -> Result<Answer, WireError> {
    let known = match previous {
        Some(Answer::Pairs(known)) => known.as_slice(),
        Some(Answer::Key(Some(known))) => std::slice::from_ref(known),
        _ => &[],
    };
    Ok(match query {
        ConsulQuery::Key(query) => Answer::Key(pairs(query, body, known)?.pop()),
        ConsulQuery::Pairs(query) => Answer::Pairs(pairs(query, body, known)?),
        ConsulQuery::Service(query) | ConsulQuery::Connect(query) => {
            Answer::Service(instances(query, json(body)?))
        }
        ConsulQuery::Services(_) => Answer::Services(services(json(body)?)),
        ConsulQuery::Node(_) => Answer::Node(node_services(json(body)?)),
        ConsulQuery::Nodes(query) => {
            let mut nodes: Vec<Arc<Node>> = json::<Option<_>>(body)?.unwrap_or_default();
            if query.near.is_empty() {
                nodes.sort_by(|a, b| (&a.node, &a.address).cmp(&(&b.node, &b.address)));
            }
            Answer::Nodes(nodes)
        }
        ConsulQuery::Datacenters(_) => {
            let mut names: Vec<String> = json::<Option<_>>(body)?.unwrap_or_default();
            names.sort();
            Answer::Datacenters(names)
        }
        ConsulQuery::CaRoots => mesh::ca_roots(body)?,
        ConsulQuery::CaLeaf(_) => mesh::ca_leaf(body)?,
        ConsulQuery::Partitions => mesh::partitions(body)?,
        ConsulQuery::Peerings(_) => mesh::peerings(body)?,
        ConsulQuery::ExportedServices(_) => mesh::exported_services(body)?,
        ConsulQuery::ImportedServices(_) => mesh::imported_services(body)?,
    })
}

/// Reads the name of the node from the answer of `/v1/agent/self`.
pub(super) fn node_name(body: &[u8]) -> Result<String, WireError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Own {
        config: OwnConfig,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct OwnConfig {
        node_name: String,
    }
    Ok(json::<Own>(body)?.config.node_name)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireEntry {
    node: Node,
    service: WireService,
    #[serde(default)]
    checks: Nullable<Vec<Arc<Check>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct WireService {
    #[serde(rename = "ID")]
    id: String,
    service: String,
    #[serde(deserialize_with = "or_default")]
    tags: Vec<String>,
    address: String,
    tagged_addresses: Nullable<BTreeMap<String, TaggedAddress>>,
    meta: TextMap,
    port: i64,
    #[serde(deserialize_with = "or_default")]
    weights: Weights,
}

fn instances(query: &ServiceQuery, entries: Option<Vec<WireEntry>>) -> Vec<Arc<Instance>> {
    let mut instances: Vec<_> = entries
        .unwrap_or_default()
        .into_iter()
        .map(|entry| Arc::new(instance(entry)))
        .filter(|instance| query.health.admits(instance.status))
        .collect();
    // It is collected in the memory of the entries, which are dozens of times as large.
    instances.shrink_to_fit();
    if query.near.is_empty() {
        instances.sort_by(|a, b| a.identity().cmp(&b.identity()));
    }
    instances
}

fn instance(entry: WireEntry) -> Instance {
    let WireEntry {
        node,
        service,
        checks,
    } = entry;
    let WireService {
        id,
        service: name,
        mut tags,
        address,
        tagged_addresses,
        meta,
        port,
        weights,
    } = service;
    tags.sort();
    Instance {
        status: health(&checks),
        address: if address.is_empty() {
            node.address.clone()
        } else {
            address
        },
        node: node.node,
        node_id: node.id,
        node_address: node.address,
        node_tagged_addresses: node.tagged_addresses,
        node_meta: node.meta,
        service_meta: meta,
        service_tagged_addresses: tagged_addresses,
        id,
        name,
        tags,
        checks,
        port,
        weights,
    }
}

/// The worst status of the checks; passing without checks.
fn health(checks: &Nullable<Vec<Arc<Check>>>) -> Health {
    let state = |check: &Arc<Check>| match (check.check_id.as_str(), check.status.as_str()) {
        ("_node_maintenance", _) => Health::Maintenance,
        (id, _) if id.starts_with("_service_maintenance:") => Health::Maintenance,
        (_, "passing") => Health::Passing,
        (_, "warning") => Health::Warning,
        (_, "critical") => Health::Critical,
        (_, "maintenance") => Health::Maintenance,
        _ => Health::Unknown,
    };
    checks
        .iter()
        .map(state)
        .max_by_key(|health| health.severity())
        .unwrap_or(Health::Passing)
}

fn services(names: Option<BTreeMap<String, Option<Vec<String>>>>) -> Vec<Arc<ServiceTags>> {
    names
        .unwrap_or_default()
        .into_iter()
        .map(|(name, tags)| {
            let mut tags = tags.unwrap_or_default();
            tags.sort();
            Arc::new(ServiceTags { name, tags })
        })
        .collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireNode {
    node: Option<Arc<Node>>,
    #[serde(default, deserialize_with = "or_default")]
    services: BTreeMap<String, NodeService>,
}

fn node_services(wire: Option<WireNode>) -> Option<Arc<NodeServices>> {
    let WireNode { node, services } = wire?;
    let mut services: Vec<_> = services
        .into_values()
        .map(|mut service| {
            service.tags.sort();
            Arc::new(service)
        })
        .collect();
    services.sort_by(|a, b| (&a.service, &a.id).cmp(&(&b.service, &b.id)));
    Some(Arc::new(NodeServices {
        node: node?,
        services,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::Query;

    fn read(query: &Query, body: &[u8]) -> Result<Answer, WireError> {
        match query {
            Query::Consul(query) => super::read(query, body, None),
            query => panic!("{query} is not for Consul"),
        }
    }

    #[test]
    fn a_value_that_is_not_text_is_kept_unchanged() {
        let query = Query::key("k").unwrap();
        let body = br#"[{"Key":"k","Value":"AP/+YQ==","LockIndex":0,"Flags":0,"CreateIndex":1,"ModifyIndex":1}]"#;
        let Ok(Answer::Key(Some(pair))) = read(&query, body) else {
            panic!("no pair")
        };
        assert_eq!(pair.value, "\0\u{fffd}\u{fffd}a");
        assert_eq!(pair.bytes.as_deref(), Some(&[0, 0xff, 0xfe, b'a'][..]));
    }

    proptest! {
        #[test]
        fn instances_in_another_order_are_the_same_answer(
            order in Just((0..6).collect::<Vec<i64>>()).prop_shuffle(),
            near: bool,
        ) {
            let query = Query::service(if near { "web~n1" } else { "web" }).unwrap();
            let read = |order: &[i64]| {
                // Each node has two instances, which differ only by port.
                let entry = |one: &i64| {
                    format!(r#"{{"Node":{{"Node":"n{}"}},"Service":{{"ID":"web","Port":{one}}}}}"#, one / 2)
                };
                let entries: Vec<_> = order.iter().map(entry).collect();
                read(&query, format!("[{}]", entries.join(",")).as_bytes()).unwrap()
            };
            let sorted: Vec<_> = (0..6).collect();
            // If sorted near a node, Consul's order stays.
            prop_assert_eq!(read(&order) == read(&sorted), !near || order == sorted);
        }
    }
}
