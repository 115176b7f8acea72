//! The initial data of a server.
//!
//! Input: a YAML or JSON file, or the methods of [`Seed`]. Output: a [`Seed`], or an error with the
//! file, the position, and what is allowed there.

mod error;
mod parse;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::error::{InvalidSeed, SeedError};
use super::records::Weights;

/// The initial data of a server. As a file:
///
/// ```yaml
/// kv:                         # keys of the server's own datacenter
///   app/port: 8080            # numbers and true/false are stored as their text
///   app/name: x
/// services:
///   - name: web               # the only required field
///     id: web-1               # default: the name
///     node: n1                # default: the server's own node
///     address: 10.0.0.1
///     port: 8081
///     tags: [v1, blue]
///     meta: {version: "1"}
///     status: passing         # passing, warning or critical: adds the check `service:ID`
///     weights: {passing: 10, warning: 1}
///   - name: web-proxy         # `connect` finds it for web
///     port: 20000
///     proxy_of: web
/// nodes:                      # nodes of services need not be listed
///   - name: n1
///     address: 10.0.0.1
///     meta: {rack: a}
///     status: passing         # of the check `serfHealth`
/// datacenters:                # other datacenters, each with kv, services, nodes
///   dc2:
///     kv: {app/name: y}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// Keys and values of the server's own datacenter; numbers and booleans are stored as text.
    pub kv: BTreeMap<String, Scalar>,
    /// Instances of services.
    pub services: Vec<Service>,
    /// Nodes.
    pub nodes: Vec<SeedNode>,
    /// Other datacenters, by name.
    pub datacenters: BTreeMap<String, SeedDatacenter>,
}

/// The data of another datacenter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeedDatacenter {
    /// Keys and values.
    pub kv: BTreeMap<String, Scalar>,
    /// Instances of services.
    pub services: Vec<Service>,
    /// Nodes.
    pub nodes: Vec<SeedNode>,
}

/// The value of a key. In a file, numbers and booleans become their text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Scalar(pub String);

/// An instance of a service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Name of the service.
    pub name: String,
    /// ID of the instance; no two instances of a node have the same. Default: the name.
    pub id: Option<String>,
    /// Node that it runs on; `nodes` need not list it. Default: the server's own node.
    pub node: Option<String>,
    /// Address. Default: the node's.
    pub address: Option<String>,
    /// Port.
    #[serde(default)]
    pub port: u16,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Metadata.
    #[serde(default)]
    pub meta: BTreeMap<String, String>,
    /// Status of the check `service:ID`. Default: no check, so the instance is passing.
    pub status: Option<Status>,
    /// Weights. Default: 1 for both.
    pub weights: Option<SeedWeights>,
    /// Name of the service whose Connect proxy this is; `connect` finds it. Default: not a proxy.
    pub proxy_of: Option<String>,
}

impl Service {
    /// Creates an instance of this service. Its ID is the name, and it has no check.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            id: None,
            node: None,
            address: None,
            port: 0,
            tags: Vec::new(),
            meta: BTreeMap::new(),
            status: None,
            weights: None,
            proxy_of: None,
        }
    }

    /// Sets the ID.
    #[must_use]
    pub fn id(self, id: &str) -> Self {
        Self {
            id: Some(id.to_owned()),
            ..self
        }
    }

    /// Sets the node.
    #[must_use]
    pub fn node(self, node: &str) -> Self {
        Self {
            node: Some(node.to_owned()),
            ..self
        }
    }

    /// Sets the address.
    #[must_use]
    pub fn address(self, address: &str) -> Self {
        Self {
            address: Some(address.to_owned()),
            ..self
        }
    }

    /// Sets the port.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// Adds metadata.
    #[must_use]
    pub fn meta(mut self, key: &str, value: &str) -> Self {
        self.meta.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Adds a check with this status.
    #[must_use]
    pub fn status(self, status: Status) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }
}

/// The status of a health check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Healthy.
    Passing,
    /// Degraded.
    Warning,
    /// Failed.
    Critical,
}

impl Status {
    /// Returns the name in Consul's API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// The share of the traffic that an instance should get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedWeights {
    /// The weight while all checks pass. Default: 1.
    #[serde(default = "one")]
    pub passing: u16,
    /// The weight while a check is in the state warning. Default: 1.
    #[serde(default = "one")]
    pub warning: u16,
}

fn one() -> u16 {
    1
}

impl From<SeedWeights> for Weights {
    fn from(SeedWeights { passing, warning }: SeedWeights) -> Self {
        Self {
            passing: passing.into(),
            warning: warning.into(),
        }
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedNode {
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Metadata.
    #[serde(default)]
    pub meta: BTreeMap<String, String>,
    /// Status of the check `serfHealth`. Default: passing.
    pub status: Option<Status>,
}

impl Seed {
    /// Adds a key.
    #[must_use]
    pub fn key(mut self, key: &str, value: &str) -> Self {
        self.kv.insert(key.to_owned(), Scalar(value.to_owned()));
        self
    }

    /// Adds an instance.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.services.push(service);
        self
    }

    /// Adds another datacenter.
    #[must_use]
    pub fn datacenter(mut self, name: &str, contents: SeedDatacenter) -> Self {
        self.datacenters.insert(name.to_owned(), contents);
        self
    }
}
