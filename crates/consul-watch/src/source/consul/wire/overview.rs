//! Reads the parts of answers that tell what has changed in a catalog: names and indexes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::json::{WireError, json};
use crate::answer::or_default;
use crate::source::{InstanceIndex, NodeSnapshot, fingerprint};

/// What a list of checks is about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::source::consul) struct Subjects {
    pub(in crate::source::consul) services: BTreeSet<String>,
    /// The nodes with checks that belong to no service.
    pub(in crate::source::consul) nodes: BTreeSet<String>,
}

/// Reads the names of the services and nodes that a list of checks is about.
pub(in crate::source::consul) fn subjects_of_checks(body: &[u8]) -> Result<Subjects, WireError> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Check {
        #[serde(deserialize_with = "or_default")]
        node: String,
        #[serde(deserialize_with = "or_default")]
        service_name: String,
    }
    let checks: Vec<Check> = json::<Option<_>>(body)?.unwrap_or_default();
    let mut subjects = Subjects::default();
    for check in checks {
        if check.service_name.is_empty() {
            subjects.nodes.insert(check.node);
        } else {
            subjects.services.insert(check.service_name);
        }
    }
    Ok(subjects)
}

/// Reads the names of a list of nodes.
pub(in crate::source::consul) fn names_of_nodes(
    body: &[u8],
) -> Result<BTreeSet<String>, WireError> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Node {
        #[serde(deserialize_with = "or_default")]
        node: String,
    }
    let nodes: Vec<Node> = json::<Option<_>>(body)?.unwrap_or_default();
    Ok(nodes.into_iter().map(|node| node.node).collect())
}

/// Reads what is registered at a node. A node that does not exist has nothing.
pub(in crate::source::consul) fn node_snapshot(body: &[u8]) -> Result<NodeSnapshot, WireError> {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Registered {
        node: Node,
        #[serde(deserialize_with = "or_default")]
        services: BTreeMap<String, Service>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Node {
        modify_index: u64,
    }
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Service {
        service: String,
        modify_index: u64,
    }
    let registered: Registered = json::<Option<_>>(body)?.unwrap_or_default();
    let instances = registered.services.iter();
    let instances = instances.map(|(id, service)| InstanceIndex {
        id: fingerprint(id),
        service: fingerprint(&service.service),
        index: service.modify_index,
    });
    let index = registered.node.modify_index;
    Ok(NodeSnapshot::new(index, instances.collect(), body.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_about_a_service_or_about_its_node() {
        let body = br#"[{"Node":"n1","ServiceName":"web"},{"Node":"n2","CheckID":"serfHealth","ServiceName":""}]"#;
        let subjects = subjects_of_checks(body).unwrap();
        assert_eq!(subjects.services, BTreeSet::from(["web".to_owned()]));
        assert_eq!(subjects.nodes, BTreeSet::from(["n2".to_owned()]));
        assert_eq!(subjects_of_checks(b"null").unwrap(), Subjects::default());
    }

    #[test]
    fn a_snapshot_has_the_indexes_of_all_instances() {
        let body = br#"{"Node":{"Node":"n1","ModifyIndex":7},"Services":{
            "w1":{"ID":"w1","Service":"web","Port":80,"ModifyIndex":9},
            "w2":{"ID":"w2","Service":"web","Port":81,"ModifyIndex":11}}}"#;
        let snapshot = node_snapshot(body).unwrap();
        assert_eq!((snapshot.index, snapshot.bytes), (7, body.len()));
        assert!(snapshot.services().all(|name| name == fingerprint("web")));
        let mut indexes: Vec<_> = snapshot.instances.iter().map(|one| one.index).collect();
        indexes.sort_unstable();
        assert_eq!(indexes, [9, 11]);
    }

    #[test]
    fn a_node_that_does_not_exist_has_nothing() {
        assert_eq!(node_snapshot(b"null").unwrap().instances.len(), 0);
        let without_services = br#"{"Node":{"ModifyIndex":3},"Services":null}"#;
        assert_eq!(node_snapshot(without_services).unwrap().index, 3);
        assert!(node_snapshot(b"[").is_err());
    }
}
