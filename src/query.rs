//! What a template can ask, and how it is written.
//!
//! in:  the argument of a template function, for example `v2.web?ns=ops@dc2~near|passing,warning`
//! out: a [`Query`]: its identity (the text form), and the path and parameters it is asked with
//!
//! The written forms are consul-template's; the suffixes come in one fixed order, `name?query@dc~near|filter`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod parse;
mod text;

pub use parse::QueryError;

/// One question, watched once per process however many templates ask it.
///
/// Two queries are the same question when they are equal; the text form ([`Display`](std::fmt::Display)) is for logs and messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Query {
    /// One entry of the key/value store: `GET /v1/kv/<key>`.
    Key(KeyQuery),
    /// All entries below a prefix: `GET /v1/kv/<prefix>?recurse`.
    Pairs(KeyQuery),
    /// The instances of a service with their health: `GET /v1/health/service/<name>`.
    Service(ServiceQuery),
    /// The instances through which a service is reached in the mesh, its proxies or itself:
    /// `GET /v1/health/connect/<name>`.
    Connect(ServiceQuery),
    /// The names and tags of all services: `GET /v1/catalog/services`.
    Services(Scope),
    /// One node and what runs on it: `GET /v1/catalog/node/<name>`.
    Node(NodeQuery),
    /// All nodes: `GET /v1/catalog/nodes`.
    Nodes(NodesQuery),
    /// The names of all known datacenters: `GET /v1/catalog/datacenters`.
    Datacenters(DatacentersQuery),
    /// The root certificates that the mesh trusts: `GET /v1/agent/connect/ca/roots`.
    CaRoots,
    /// The certificate of a service in the mesh, and its private key: `GET /v1/agent/connect/ca/leaf/<name>`.
    CaLeaf(String),
    /// The admin partitions (Consul Enterprise): `GET /v1/partitions`.
    Partitions,
    /// The peerings of a partition, or of the agent's own: `GET /v1/peerings`.
    Peerings(String),
    /// The services that a partition, or the agent's own, exports: `GET /v1/exported-services`.
    ExportedServices(String),
    /// The services that a partition, or the agent's own, imports: `GET /v1/imported-services`.
    ImportedServices(String),
    /// The text of a file on this machine.
    File(FileQuery),
    /// The output of a program, by its name and its arguments; local as well.
    Plugin(Vec<String>),
}

/// Where a question is put: empty text means "where the agent is".
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// Datacenter (`@dc2`, sent as `dc=`).
    pub datacenter: String,
    /// Namespace (`?ns=ops`, Consul Enterprise).
    pub namespace: String,
    /// Admin partition (`?partition=p`, Consul Enterprise).
    pub partition: String,
}

/// A key or a prefix of the key/value store, without its first slash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyQuery {
    /// The key or the prefix, as written; any character but `@` and `?`.
    pub key: String,
    /// Where it is asked.
    pub scope: Scope,
}

/// The instances of one service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceQuery {
    /// The name of the service.
    pub name: String,
    /// Only instances with this tag; empty: all.
    pub tag: String,
    /// Where it is asked.
    pub scope: Scope,
    /// A cluster peer to ask for (`?peer=east`); empty: none.
    pub peer: String,
    /// A sameness group to ask for (`?sameness-group=g`); empty: none.
    pub sameness_group: String,
    /// Sorted by round trip from this node (`~web-1`, `~_agent`); empty: sorted by node and ID.
    pub near: String,
    /// Which states of health are wanted.
    pub health: HealthFilter,
}

/// A node by name; the empty name is the agent's own node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeQuery {
    /// The node's name.
    pub name: String,
    /// Where it is asked.
    pub scope: Scope,
}

/// All nodes, sorted by name or by distance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodesQuery {
    /// Sorted by round trip from this node; empty: sorted by name and address.
    pub near: String,
    /// Where it is asked.
    pub scope: Scope,
}

/// A file, and where it may lie: what one template may read, another may not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileQuery {
    /// The file, as the template names it.
    pub path: PathBuf,
    /// The directory in which it must really lie; `None`: anywhere.
    pub sandbox: Option<Arc<Path>>,
}

/// The datacenters, all of them or those that answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DatacentersQuery {
    /// Leave out a datacenter whose catalog does not answer.
    pub ignore_failing: bool,
}

/// The state of health of an instance: the worst of its checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Health {
    /// No check is worse than passing, or there is none.
    #[default]
    Passing,
    /// At least one check warns.
    Warning,
    /// At least one check is critical.
    Critical,
    /// The node or the service is in maintenance.
    Maintenance,
    /// Consul named a state that is none of these.
    Unknown,
}

impl Health {
    /// The word that Consul and templates use; empty for [`Health::Unknown`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Maintenance => "maintenance",
            Self::Unknown => "",
        }
    }
}

/// Which instances a service query keeps: any, or those in one of some states.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HealthFilter {
    /// `|any`.
    Any,
    /// `|passing,warning`; nothing written means passing, `|,` matches nothing.
    Only(BTreeSet<Health>),
}

impl HealthFilter {
    /// What holds when nothing is written.
    #[must_use]
    pub fn passing() -> Self {
        Self::Only(BTreeSet::from([Health::Passing]))
    }

    /// Is an instance in this state wanted?
    #[must_use]
    pub fn admits(&self, health: Health) -> bool {
        match self {
            Self::Any => true,
            Self::Only(wanted) => wanted.contains(&health),
        }
    }
}

/// A question as it goes over the wire, without what belongs to one poll (`index`, `wait`, `stale`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The segments of the path, not yet percent-encoded; a key's slashes separate segments.
    pub path: Vec<String>,
    /// The parameters, sorted by name.
    pub parameters: Vec<(&'static str, String)>,
    /// Whether the endpoint knows blocking queries and `stale`.
    pub blocking: bool,
}

impl Query {
    /// Does the endpoint that answers it know blocking queries?
    #[must_use]
    pub fn blocks(&self) -> bool {
        match self {
            Self::Datacenters(_)
            | Self::Partitions
            | Self::Peerings(_)
            | Self::File(_)
            | Self::Plugin(_) => false,
            Self::Key(_)
            | Self::Pairs(_)
            | Self::Services(_)
            | Self::Node(_)
            | Self::Nodes(_)
            | Self::Service(_)
            | Self::Connect(_)
            | Self::CaRoots
            | Self::CaLeaf(_)
            | Self::ExportedServices(_)
            | Self::ImportedServices(_) => true,
        }
    }

    /// What Consul must be to know this question, where not every Consul does.
    #[must_use]
    pub fn needs(&self) -> Option<&'static str> {
        match self {
            Self::Partitions => Some("Consul Enterprise 1.11 or newer"),
            Self::Peerings(_) => Some("Consul 1.13 or newer"),
            Self::ExportedServices(_) => Some("Consul 1.17.3 or newer"),
            Self::ImportedServices(_) => Some("a newer Consul"),
            _ => None,
        }
    }

    /// The request that asks this question of Consul; `None` for a question that Consul is not asked.
    ///
    /// The agent's own node has no name of its own on the wire: its name is found out first (`/v1/agent/self`), then
    /// that node is asked for.
    #[must_use]
    pub fn request(&self) -> Option<Request> {
        let (path, parameters) = match self {
            Self::Key(query) => (kv_path(&query.key), query.scope.parameters()),
            Self::Pairs(query) => {
                let mut parameters = query.scope.parameters();
                parameters.push(("recurse", String::new()));
                (kv_path(&query.key), parameters)
            }
            Self::Service(query) => (
                path(&["health", "service", &query.name]),
                query.parameters(),
            ),
            Self::Connect(query) => (
                path(&["health", "connect", &query.name]),
                query.parameters(),
            ),
            Self::Services(scope) => (path(&["catalog", "services"]), scope.parameters()),
            Self::Node(query) => (
                path(&["catalog", "node", &query.name]),
                query.scope.parameters(),
            ),
            Self::Nodes(query) => {
                let mut parameters = query.scope.parameters();
                push(&mut parameters, "near", &query.near);
                (path(&["catalog", "nodes"]), parameters)
            }
            Self::Datacenters(_) => (path(&["catalog", "datacenters"]), Vec::new()),
            Self::CaRoots => (path(&["agent", "connect", "ca", "roots"]), Vec::new()),
            Self::CaLeaf(service) => (
                path(&["agent", "connect", "ca", "leaf", service]),
                Vec::new(),
            ),
            Self::Partitions => (path(&["partitions"]), Vec::new()),
            Self::Peerings(partition) => (path(&["peerings"]), of_partition(partition)),
            Self::ExportedServices(partition) => {
                (path(&["exported-services"]), of_partition(partition))
            }
            Self::ImportedServices(partition) => {
                (path(&["imported-services"]), of_partition(partition))
            }
            Self::File(_) | Self::Plugin(_) => return None,
        };
        let mut request = Request {
            path,
            parameters,
            blocking: self.blocks(),
        };
        request.parameters.sort();
        Some(request)
    }
}

fn path(segments: &[&str]) -> Vec<String> {
    std::iter::once("v1")
        .chain(segments.iter().copied())
        .map(str::to_owned)
        .collect()
}

/// Slashes in a row count as one, as in the redirect that Consul answers such a path with; the one at the end stays.
fn kv_path(key: &str) -> Vec<String> {
    // Without any key it is the root, which ends in a slash too.
    let (key, end) = key
        .strip_suffix('/')
        .map_or((key, key.is_empty().then_some("")), |key| (key, Some("")));
    let parts = key.split('/').filter(|part| !part.is_empty()).chain(end);
    path(&["kv"])
        .into_iter()
        .chain(parts.map(str::to_owned))
        .collect()
}

fn of_partition(partition: &str) -> Vec<(&'static str, String)> {
    let mut parameters = Vec::new();
    push(&mut parameters, "partition", partition);
    parameters
}

fn push(parameters: &mut Vec<(&'static str, String)>, name: &'static str, value: &str) {
    if !value.is_empty() {
        parameters.push((name, value.to_owned()));
    }
}

impl Scope {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        push(&mut parameters, "dc", &self.datacenter);
        push(&mut parameters, "ns", &self.namespace);
        push(&mut parameters, "partition", &self.partition);
        parameters
    }
}

impl ServiceQuery {
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = self.scope.parameters();
        push(&mut parameters, "near", &self.near);
        if self.health == HealthFilter::passing() {
            parameters.push(("passing", "1".to_owned()));
        }
        push(&mut parameters, "peer", &self.peer);
        push(&mut parameters, "sameness-group", &self.sameness_group);
        push(&mut parameters, "tag", &self.tag);
        parameters
    }
}
