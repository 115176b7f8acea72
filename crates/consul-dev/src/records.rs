//! The catalog's records: nodes, service instances, health checks.

use std::collections::BTreeMap;

/// A record with the indexes of its first write and its last change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Indexed<T> {
    /// The record.
    pub(crate) value: T,
    /// The index of its first write.
    pub(crate) create: u64,
    /// The index of its last change.
    pub(crate) modify: u64,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// A UUID; empty for a node registered without one.
    pub(crate) id: String,
    /// Name, unique in the datacenter.
    pub(crate) name: String,
    /// Address.
    pub(crate) address: String,
    /// Other addresses by name (`lan`, `wan`).
    pub(crate) tagged: BTreeMap<String, String>,
    /// Metadata.
    pub(crate) meta: BTreeMap<String, String>,
}

/// The share of the traffic that an instance should get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weights {
    /// The weight while all checks pass.
    pub(crate) passing: i64,
    /// The weight while a check is in the state warning.
    pub(crate) warning: i64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            passing: 1,
            warning: 1,
        }
    }
}

/// An instance of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Instance {
    /// The node that it runs on.
    pub(crate) node: String,
    /// ID, unique on its node.
    pub(crate) id: String,
    /// The service's name.
    pub(crate) name: String,
    /// Tags, in the order of the registration.
    pub(crate) tags: Vec<String>,
    /// Address; empty for the address of the node.
    pub(crate) address: String,
    /// Port.
    pub(crate) port: i64,
    /// Other addresses by name.
    pub(crate) tagged: BTreeMap<String, (String, i64)>,
    /// Metadata.
    pub(crate) meta: BTreeMap<String, String>,
    /// Weights.
    pub(crate) weights: Weights,
    /// Whether other agents may change the tags.
    pub(crate) enable_tag_override: bool,
    /// Role in the service mesh.
    pub(crate) mesh: Mesh,
}

/// The role of an instance in the service mesh.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mesh {
    /// It is not in the mesh.
    #[default]
    None,
    /// It is Connect-native.
    Native,
    /// It is the proxy of the service with this name.
    ProxyOf(String),
}

/// A health check of a node or, with a service ID, of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Check {
    /// The node that it belongs to.
    pub(crate) node: String,
    /// ID, unique on its node.
    pub(crate) id: String,
    /// Display name.
    pub(crate) name: String,
    /// `passing`, `warning` or `critical`; the catalog accepts any text.
    pub(crate) status: String,
    /// Notes of the registration.
    pub(crate) notes: String,
    /// Output of the last run.
    pub(crate) output: String,
    /// ID of the instance; empty for a check of the node.
    pub(crate) service_id: String,
    /// Name of the instance's service.
    pub(crate) service_name: String,
    /// Tags of the instance at the time of the check's registration.
    pub(crate) service_tags: Vec<String>,
    /// Type: `ttl`, `http`, `tcp`, …
    pub(crate) kind: String,
}
