//! Answers of the catalog and of the key/value store.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use crate::query::Health;

/// Texts by name.
pub type TextMap = BTreeMap<String, String>;

/// One entry of the key/value store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// The whole key.
    pub path: String,
    /// The key without the requested prefix, and without the slashes that follow it.
    pub key: String,
    /// The value; what is not UTF-8 in it is the replacement character.
    pub value: String,
    /// The value as it is, where it is not UTF-8.
    pub bytes: Option<Box<[u8]>>,
    /// The index at which the entry was made.
    pub create_index: u64,
    /// The index at which the entry last changed.
    pub modify_index: u64,
    /// How often the entry was locked.
    pub lock_index: u64,
    /// The number that a client stored beside the value.
    pub flags: u64,
    /// The session that holds the lock; empty: none.
    pub session: String,
}

/// One instance of a service, with its health.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instance {
    /// The node's name.
    pub node: String,
    /// The node's ID.
    pub node_id: String,
    /// The node's address.
    pub node_address: String,
    /// The node's addresses by kind (`lan`, `wan`).
    pub node_tagged_addresses: TextMap,
    /// The node's metadata.
    pub node_meta: TextMap,
    /// The service's metadata.
    pub service_meta: TextMap,
    /// The service's address or, where it has none, the node's.
    pub address: String,
    /// The service's addresses by kind.
    pub service_tagged_addresses: BTreeMap<String, TaggedAddress>,
    /// The instance's ID.
    pub id: String,
    /// The service's name.
    pub name: String,
    /// The tags, sorted.
    pub tags: Vec<String>,
    /// The node's and the service's checks.
    pub checks: Vec<Arc<Check>>,
    /// The worst of the checks.
    pub status: Health,
    /// The port.
    pub port: i64,
    /// The weights for load balancing.
    pub weights: Weights,
}

/// What makes an instance the same from one answer to the next, and the order in which instances are sorted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity<'a> {
    node: Cow<'a, str>,
    id: Cow<'a, str>,
    address: Cow<'a, str>,
    port: i64,
}

impl Identity<'_> {
    /// The same, for keeping.
    #[must_use]
    pub fn into_owned(self) -> Identity<'static> {
        let Self {
            node,
            id,
            address,
            port,
        } = self;
        let [node, id, address] = [node, id, address].map(|text| Cow::Owned(text.into_owned()));
        Identity {
            node,
            id,
            address,
            port,
        }
    }
}

impl Instance {
    /// Its identity: the node, the ID, and where it is reached.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        let [node, id, address] =
            [&self.node, &self.id, &self.address].map(|text| Cow::Borrowed(text.as_str()));
        Identity {
            node,
            id,
            address,
            port: self.port,
        }
    }
}

/// An address and a port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TaggedAddress {
    /// The address.
    pub address: String,
    /// The port.
    pub port: i64,
}

/// The weights of an instance, by its state of health.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Weights {
    /// While every check passes.
    pub passing: i64,
    /// While a check warns.
    pub warning: i64,
}

/// One health check.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Check {
    /// The node the check belongs to.
    pub node: String,
    /// The check's ID.
    #[serde(rename = "CheckID")]
    pub check_id: String,
    /// The check's name.
    pub name: String,
    /// `passing`, `warning` or `critical`.
    pub status: String,
    /// What a human wrote about it.
    pub notes: String,
    /// What the check printed last.
    pub output: String,
    /// The service instance it checks; empty: the node.
    #[serde(rename = "ServiceID")]
    pub service_id: String,
    /// The name of the service it checks; empty: the node.
    pub service_name: String,
    /// The tags of the service it checks.
    #[serde(deserialize_with = "or_default")]
    pub service_tags: Vec<String>,
    /// `http`, `tcp`, `ttl`…; empty where Consul does not say.
    #[serde(rename = "Type")]
    pub kind: String,
    /// The namespace (Consul Enterprise).
    pub namespace: String,
    /// The partition (Consul Enterprise).
    pub partition: String,
    /// The port exposed for the check through a proxy.
    pub exposed_port: i64,
    /// The cluster peer it was imported from.
    pub peer_name: String,
    /// How the check is carried out, as Consul tells it.
    pub definition: serde_json::Map<String, serde_json::Value>,
    /// The index at which the check was made.
    pub create_index: u64,
    /// The index at which the check last changed.
    pub modify_index: u64,
}

/// A service's name and the tags of all its instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceTags {
    /// The service's name.
    pub name: String,
    /// The tags, sorted.
    pub tags: Vec<String>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Node {
    /// The node's ID.
    #[serde(rename = "ID")]
    pub id: String,
    /// The node's name.
    pub node: String,
    /// The node's address.
    pub address: String,
    /// The datacenter it is in.
    pub datacenter: String,
    /// The node's addresses by kind (`lan`, `wan`).
    #[serde(deserialize_with = "or_default")]
    pub tagged_addresses: TextMap,
    /// The node's metadata.
    #[serde(deserialize_with = "or_default")]
    pub meta: TextMap,
}

/// A node and what runs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeServices {
    /// The node.
    pub node: Arc<Node>,
    /// Its services, by name and ID.
    pub services: Vec<Arc<NodeService>>,
}

/// A service as its node lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct NodeService {
    /// The instance's ID.
    #[serde(rename = "ID")]
    pub id: String,
    /// The service's name.
    pub service: String,
    /// The tags, sorted.
    #[serde(deserialize_with = "or_default")]
    pub tags: Vec<String>,
    /// The service's metadata.
    #[serde(deserialize_with = "or_default")]
    pub meta: TextMap,
    /// The port.
    pub port: i64,
    /// The address; empty: the node's.
    pub address: String,
    /// Whether an external agent may change the tags.
    pub enable_tag_override: bool,
}

/// Consul writes an empty list or map as `null` in places.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
