//! Answers of the catalog and of the key/value store.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::nullable::Nullable;
use crate::query::Health;

/// Strings by name.
pub type TextMap = Nullable<BTreeMap<String, String>>;

/// One entry of the key/value store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The whole key.
    pub path: String,
    /// The key without the requested prefix, and without the slashes that follow it.
    pub key: String,
    /// The value; invalid UTF-8 is replaced by U+FFFD.
    pub value: String,
    /// The original value; `None` if it is valid UTF-8.
    pub bytes: Option<Box<[u8]>>,
    /// The index at which the entry was created.
    pub create_index: u64,
    /// The index at which the entry last changed.
    pub modify_index: u64,
    /// The number of times that the entry was locked.
    pub lock_index: u64,
    /// The number that a client stored beside the value.
    pub flags: u64,
    /// The session that holds the lock; empty if none does.
    pub session: String,
}

/// One instance of a service, with its health.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// The service's address; the node's if the service has none.
    pub address: String,
    /// The service's addresses by kind.
    pub service_tagged_addresses: Nullable<BTreeMap<String, TaggedAddress>>,
    /// The instance's ID.
    pub id: String,
    /// The service's name.
    pub name: String,
    /// The tags, sorted.
    pub tags: Vec<String>,
    /// The node's and the service's checks.
    pub checks: Nullable<Vec<Arc<Check>>>,
    /// The worst status of the checks.
    pub status: Health,
    /// The port.
    pub port: i64,
    /// The weights for load balancing.
    pub weights: Weights,
}

/// The key that identifies an instance across answers, and the sort order of instances.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity<'a> {
    node: Cow<'a, str>,
    id: Cow<'a, str>,
    address: Cow<'a, str>,
    port: i64,
}

impl Identity<'_> {
    /// Converts the identity into one that owns its strings.
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
    /// The identity: node, ID, address and port.
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct TaggedAddress {
    /// The address.
    pub address: String,
    /// The port.
    pub port: i64,
}

/// The weights of an instance for load balancing, by health.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Weights {
    /// The weight while every check passes.
    pub passing: i64,
    /// The weight while a check warns.
    pub warning: i64,
}

/// One health check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Check {
    /// The node that the check belongs to.
    pub node: String,
    /// The check's ID.
    #[serde(rename = "CheckID")]
    pub check_id: String,
    /// The check's name.
    pub name: String,
    /// `passing`, `warning` or `critical`.
    pub status: String,
    /// The notes of the operator.
    pub notes: String,
    /// The latest output of the check.
    pub output: String,
    /// The ID of the checked service instance; empty for a node check.
    #[serde(rename = "ServiceID")]
    pub service_id: String,
    /// The name of the checked service; empty for a node check.
    pub service_name: String,
    /// The tags of the checked service.
    pub service_tags: Nullable<Vec<String>>,
    /// The type (`http`, `tcp`, `ttl`…); empty if Consul does not report it.
    #[serde(rename = "Type")]
    pub kind: String,
    /// The namespace (Consul Enterprise).
    pub namespace: String,
    /// The partition (Consul Enterprise).
    pub partition: String,
    /// The port exposed for the check through a proxy.
    pub exposed_port: i64,
    /// The cluster peer that the check was imported from.
    pub peer_name: String,
    /// The definition of the check, as reported by Consul.
    #[serde(deserialize_with = "or_default")]
    pub definition: serde_json::Map<String, serde_json::Value>,
    /// The index at which the check was created.
    pub create_index: u64,
    /// The index at which the check last changed.
    pub modify_index: u64,
}

/// A service's name and the tags of all its instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceTags {
    /// The service's name.
    pub name: String,
    /// The tags, sorted.
    pub tags: Vec<String>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Node {
    /// The node's ID.
    #[serde(rename = "ID")]
    pub id: String,
    /// The node's name.
    pub node: String,
    /// The node's address.
    pub address: String,
    /// The datacenter of the node.
    pub datacenter: String,
    /// The node's addresses by kind (`lan`, `wan`).
    pub tagged_addresses: TextMap,
    /// The node's metadata.
    pub meta: TextMap,
}

/// A node and its services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeServices {
    /// The node.
    pub node: Arc<Node>,
    /// The services of the node, by name and ID.
    pub services: Vec<Arc<NodeService>>,
}

/// A service as its node lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    pub meta: TextMap,
    /// The port.
    pub port: i64,
    /// The address; empty if the service uses that of the node.
    pub address: String,
    /// `true` if an external agent may change the tags.
    pub enable_tag_override: bool,
}

/// Deserializes `null` as the default value: Consul writes some empty lists and maps as `null`.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
