//! The catalog's records: nodes, service instances, health checks.

use std::collections::BTreeMap;

use serde_json::Value;

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
    /// It is a Connect proxy.
    Proxy(Box<Proxy>),
}

/// The settings of a Connect proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// Name of the service that it gives access to.
    pub(crate) destination: String,
    /// ID of the instance that it gives access to.
    pub(crate) destination_id: String,
    /// Address of this instance, as the proxy reaches it.
    pub(crate) local_address: String,
    /// Port of this instance.
    pub(crate) local_port: i64,
    /// Settings that Consul does not interpret.
    pub(crate) config: Option<Value>,
    /// The services that the proxy connects to.
    pub(crate) upstreams: Vec<Upstream>,
    /// The use of mesh gateways, as registered.
    pub(crate) mesh_gateway: Option<Value>,
    /// The paths that are open without the mesh, as registered.
    pub(crate) expose: Option<Value>,
}

impl Proxy {
    /// Creates the proxy of a service, without settings.
    pub(crate) fn of(destination: String) -> Self {
        Self {
            destination,
            ..Self::default()
        }
    }
}

/// A service that a Connect proxy connects to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// `service` or `prepared_query`.
    pub(crate) kind: String,
    /// Name of the service.
    pub(crate) name: String,
    /// Its datacenter; empty for the proxy's own.
    pub(crate) datacenter: String,
    /// The address on which the proxy listens for it.
    pub(crate) bind_address: String,
    /// The port on which the proxy listens for it.
    pub(crate) bind_port: i64,
    /// Settings that Consul does not interpret.
    pub(crate) config: Option<Value>,
    /// The use of mesh gateways, as registered.
    pub(crate) mesh_gateway: Option<Value>,
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
