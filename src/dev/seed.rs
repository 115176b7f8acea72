//! What a server holds when it starts.
//!
//! in:  a YAML or JSON file
//! out: a [`Seed`], or an error that names the file, the place and what is allowed there

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::cluster_state::{Datacenter, World};
use super::contents::{put_key, register, register_elsewhere, register_node};
use super::records::{Node, Weights};

/// What a server holds when it starts. As a file:
///
/// ```yaml
/// kv:                         # keys of the server's own datacenter
///   app/port: 8080            # numbers and true/false are stored as their text
///   app/name: x
/// services:
///   - name: web               # the only field needed
///     id: web-1               # default: the name
///     node: n1                # default: the server's own node
///     address: 10.0.0.1
///     port: 8081
///     tags: [v1, blue]
///     meta: {version: "1"}
///     status: passing         # passing, warning or critical: adds the check `service:ID`
///     weights: {passing: 10, warning: 1}
///   - name: web-proxy         # what `connect` finds for web
///     port: 20000
///     proxy_of: web
/// nodes:                      # nodes named by services need not be listed
///   - name: n1
///     address: 10.0.0.1
///     meta: {rack: a}
///     status: passing         # of the check `serfHealth`
/// datacenters:                # others than the server's own, each with kv, services, nodes
///   dc2:
///     kv: {app/name: y}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// Keys and values of the server's own datacenter.
    pub kv: BTreeMap<String, Scalar>,
    /// Instances of services.
    pub services: Vec<Service>,
    /// Nodes.
    pub nodes: Vec<SeedNode>,
    /// Other datacenters, by name.
    pub datacenters: BTreeMap<String, SeedDatacenter>,
}

/// What another datacenter holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeedDatacenter {
    /// Its keys and values.
    pub kv: BTreeMap<String, Scalar>,
    /// Its instances of services.
    pub services: Vec<Service>,
    /// Its nodes.
    pub nodes: Vec<SeedNode>,
}

/// A value of a key: a text, or something that is written like one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Scalar(pub String);

/// An instance of a service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The service's name.
    pub name: String,
    /// The instance's ID; the name when not given.
    pub id: Option<String>,
    /// The node it runs on; the server's own when not given.
    pub node: Option<String>,
    /// Its address; the node's when not given.
    pub address: Option<String>,
    /// Its port.
    #[serde(default)]
    pub port: u16,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Free pairs.
    #[serde(default)]
    pub meta: BTreeMap<String, String>,
    /// The status of its check; without one it has no check.
    pub status: Option<Status>,
    /// Its weights; 1 and 1 when not given.
    pub weights: Option<SeedWeights>,
    /// The service whose proxy in the mesh it is.
    pub proxy_of: Option<String>,
}

impl Service {
    /// An instance of this service, with an ID of its own name and no check.
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

    /// With this ID.
    #[must_use]
    pub fn id(self, id: &str) -> Self {
        Self {
            id: Some(id.to_owned()),
            ..self
        }
    }

    /// On this node.
    #[must_use]
    pub fn node(self, node: &str) -> Self {
        Self {
            node: Some(node.to_owned()),
            ..self
        }
    }

    /// At this address.
    #[must_use]
    pub fn address(self, address: &str) -> Self {
        Self {
            address: Some(address.to_owned()),
            ..self
        }
    }

    /// At this port.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// With one more tag.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// With one more free pair.
    #[must_use]
    pub fn meta(mut self, key: &str, value: &str) -> Self {
        self.meta.insert(key.to_owned(), value.to_owned());
        self
    }

    /// With a check in this state.
    #[must_use]
    pub fn status(self, status: Status) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }
}

/// The state of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All is well.
    Passing,
    /// Something is not well.
    Warning,
    /// It does not work.
    Critical,
}

impl Status {
    /// Its name in Consul.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// How much of the traffic an instance is to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedWeights {
    /// While its checks pass.
    #[serde(default = "one")]
    pub passing: u16,
    /// While a check warns.
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
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Free pairs.
    #[serde(default)]
    pub meta: BTreeMap<String, String>,
    /// The status of its check `serfHealth`; passing when not given.
    pub status: Option<Status>,
}

impl Seed {
    /// With one more key.
    #[must_use]
    pub fn key(mut self, key: &str, value: &str) -> Self {
        self.kv.insert(key.to_owned(), Scalar(value.to_owned()));
        self
    }

    /// With one more instance.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.services.push(service);
        self
    }

    /// With another datacenter.
    #[must_use]
    pub fn datacenter(mut self, name: &str, contents: SeedDatacenter) -> Self {
        self.datacenters.insert(name.to_owned(), contents);
        self
    }

    /// Writes the seed into a fresh server.
    pub(crate) fn sow(self, world: &mut World) {
        let Self {
            kv,
            services,
            nodes,
            datacenters,
        } = self;
        let dc = world.local();
        sow_keys_and_nodes(dc, &kv, nodes);
        for service in services {
            register(world, service);
        }
        for (
            name,
            SeedDatacenter {
                kv,
                services,
                nodes,
            },
        ) in datacenters
        {
            let fresh = Datacenter {
                name: name.clone(),
                index: 4,
                ..Datacenter::default()
            };
            let dc = world.datacenters.entry(name).or_insert(fresh);
            sow_keys_and_nodes(dc, &kv, nodes);
            for service in services {
                register_elsewhere(dc, service);
            }
        }
    }
}

fn sow_keys_and_nodes(dc: &mut Datacenter, kv: &BTreeMap<String, Scalar>, nodes: Vec<SeedNode>) {
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
        let status = status.unwrap_or(Status::Passing).name();
        register_node(
            dc,
            Node {
                name,
                address,
                meta,
                ..Node::default()
            },
            status,
        );
    }
}

/// Why a seed file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// It cannot be read.
    #[error("cannot read the seed file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no seed.
    #[error("{}: {}", path.display(), reason)]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The place in it, what is wrong there, and what is allowed.
        reason: String,
    },
}

impl Seed {
    /// Reads a seed file. JSON is YAML, so one reader does for both.
    ///
    /// # Errors
    /// When it cannot be read or is no seed.
    pub fn read(path: &Path) -> Result<Self, SeedError> {
        let wrong = |source| SeedError::Read {
            path: path.to_owned(),
            source,
        };
        let text = std::fs::read_to_string(path).map_err(wrong)?;
        Self::parse(&text).map_err(|reason| SeedError::Wrong {
            path: path.to_owned(),
            reason,
        })
    }

    /// Reads a seed.
    ///
    /// # Errors
    /// With the place, what is wrong there, and what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        super::seed_text::parse(text)
    }
}
