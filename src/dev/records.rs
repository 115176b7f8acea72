//! What the catalog holds: nodes, instances of services, checks.

use std::collections::BTreeMap;

/// Something stored, with the indexes of its first write and its last change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stamped<T> {
    /// What is stored.
    pub(crate) value: T,
    /// The index of its first write.
    pub(crate) create: u64,
    /// The index of its last change.
    pub(crate) modify: u64,
}

/// A machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// A UUID; empty for a node registered without one.
    pub(crate) id: String,
    /// Its name, unique within a datacenter.
    pub(crate) name: String,
    /// Its address.
    pub(crate) address: String,
    /// Other addresses by name (`lan`, `wan`).
    pub(crate) tagged: BTreeMap<String, String>,
    /// Free pairs.
    pub(crate) meta: BTreeMap<String, String>,
}

/// How much of the traffic an instance is to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weights {
    /// While its checks pass.
    pub(crate) passing: i64,
    /// While a check warns.
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
    /// The node it runs on.
    pub(crate) node: String,
    /// Its identity, unique on its node.
    pub(crate) id: String,
    /// The service's name.
    pub(crate) name: String,
    /// Its tags, in the order given.
    pub(crate) tags: Vec<String>,
    /// Its address; empty means the node's.
    pub(crate) address: String,
    /// Its port.
    pub(crate) port: i64,
    /// Other addresses by name.
    pub(crate) tagged: BTreeMap<String, (String, i64)>,
    /// Free pairs.
    pub(crate) meta: BTreeMap<String, String>,
    /// Its weights.
    pub(crate) weights: Weights,
    /// May others change its tags?
    pub(crate) enable_tag_override: bool,
    /// Its part in the service mesh.
    pub(crate) mesh: Mesh,
}

/// What an instance is in the service mesh.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mesh {
    /// No part of it.
    #[default]
    Outside,
    /// A part of it by itself.
    Native,
    /// The proxy of a service, which has this name.
    ProxyOf(String),
}

/// A check of a node or, with a service ID, of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Check {
    /// The node it belongs to.
    pub(crate) node: String,
    /// Its identity, unique on its node.
    pub(crate) id: String,
    /// A name for humans.
    pub(crate) name: String,
    /// `passing`, `warning` or `critical`; the catalog takes any word.
    pub(crate) status: String,
    /// A remark of who registered it.
    pub(crate) notes: String,
    /// What the check last said.
    pub(crate) output: String,
    /// The instance it belongs to; empty for the node.
    pub(crate) service_id: String,
    /// The name of that instance's service.
    pub(crate) service_name: String,
    /// The tags of that instance, as of the check's registration.
    pub(crate) service_tags: Vec<String>,
    /// How it is carried out: `ttl`, `http`, `tcp`, …
    pub(crate) kind: String,
}
