//! Queries to Consul.

use std::collections::BTreeSet;

/// A query to Consul.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConsulQuery {
    /// One entry of the key/value store: `GET /v1/kv/<key>`.
    Key(KeyQuery),
    /// All entries below a prefix: `GET /v1/kv/<prefix>?recurse`.
    Pairs(KeyQuery),
    /// The instances of a service with their health: `GET /v1/health/service/<name>`.
    Service(ServiceQuery),
    /// The mesh-capable instances of a service: its proxies, or the service itself: `GET
    /// /v1/health/connect/<name>`.
    Connect(ServiceQuery),
    /// The names and tags of all services: `GET /v1/catalog/services`.
    Services(Scope),
    /// One node and its services: `GET /v1/catalog/node/<name>`.
    Node(NodeQuery),
    /// All nodes: `GET /v1/catalog/nodes`.
    Nodes(NodesQuery),
    /// The names of all known datacenters: `GET /v1/catalog/datacenters`.
    Datacenters(DatacentersQuery),
    /// The root certificates that the mesh trusts: `GET /v1/agent/connect/ca/roots`.
    CaRoots,
    /// The certificate and private key of a service in the mesh: `GET /v1/agent/connect/ca/leaf/<name>`.
    CaLeaf(String),
    /// The admin partitions (Consul Enterprise): `GET /v1/partitions`.
    Partitions,
    /// The peerings of a partition; of the agent's partition if empty: `GET /v1/peerings`.
    Peerings(String),
    /// The services that a partition exports; the agent's partition if empty: `GET /v1/exported-services`.
    ExportedServices(String),
    /// The services that a partition imports; the agent's partition if empty: `GET /v1/imported-services`.
    ImportedServices(String),
}

impl ConsulQuery {
    /// Returns `true` if the endpoint supports blocking queries.
    #[must_use]
    pub fn blocks(&self) -> bool {
        match self {
            Self::Datacenters(_) | Self::Partitions | Self::Peerings(_) => false,
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

    /// The target of the query; `None` if it has none but the agent.
    #[must_use]
    pub(crate) fn scope(&self) -> Option<&Scope> {
        match self {
            Self::Key(query) | Self::Pairs(query) => Some(&query.scope),
            Self::Service(query) | Self::Connect(query) => Some(&query.scope),
            Self::Services(scope) => Some(scope),
            Self::Node(query) => Some(&query.scope),
            Self::Nodes(query) => Some(&query.scope),
            Self::Datacenters(_)
            | Self::CaRoots
            | Self::CaLeaf(_)
            | Self::Partitions
            | Self::Peerings(_)
            | Self::ExportedServices(_)
            | Self::ImportedServices(_) => None,
        }
    }

    /// The target of the query, to be changed.
    pub(crate) fn scope_mut(&mut self) -> Option<&mut Scope> {
        match self {
            Self::Key(query) | Self::Pairs(query) => Some(&mut query.scope),
            Self::Service(query) | Self::Connect(query) => Some(&mut query.scope),
            Self::Services(scope) => Some(scope),
            Self::Node(query) => Some(&mut query.scope),
            Self::Nodes(query) => Some(&mut query.scope),
            Self::Datacenters(_)
            | Self::CaRoots
            | Self::CaLeaf(_)
            | Self::Partitions
            | Self::Peerings(_)
            | Self::ExportedServices(_)
            | Self::ImportedServices(_) => None,
        }
    }

    /// The version or edition of Consul that the endpoint requires; `None` if every supported
    /// version has it.
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
}

/// The target of a query. An empty field means the agent's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// Datacenter (`@dc2`, sent as `dc=`).
    pub datacenter: String,
    /// Namespace (`?ns=ops`, Consul Enterprise).
    pub namespace: String,
    /// Admin partition (`?partition=p`, Consul Enterprise).
    pub partition: String,
}

/// A key or a prefix of the key/value store, without a leading slash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyQuery {
    /// The key or the prefix as written; any character except `@` and `?`.
    pub key: String,
    /// The target of the query.
    pub scope: Scope,
}

/// The instances of one service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceQuery {
    /// The name of the service.
    pub name: String,
    /// The tag that instances must have; empty: no restriction.
    pub tag: String,
    /// The target of the query.
    pub scope: Scope,
    /// The cluster peer to query (`?peer=east`); empty: none.
    pub peer: String,
    /// The sameness group to query (`?sameness-group=g`); empty: none.
    pub sameness_group: String,
    /// The node from which round trips are measured for sorting (`~web-1`, `~_agent`); empty: sort
    /// by node and ID.
    pub near: String,
    /// The accepted health states.
    pub health: HealthFilter,
}

/// A node by name; the empty name is the agent's own node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeQuery {
    /// The name of the node.
    pub name: String,
    /// The target of the query.
    pub scope: Scope,
}

/// All nodes, sorted by name or by distance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodesQuery {
    /// The node from which round trips are measured for sorting; empty: sort by name and address.
    pub near: String,
    /// The target of the query.
    pub scope: Scope,
}

/// All datacenters, or those whose catalog responds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DatacentersQuery {
    /// `true` to omit a datacenter whose catalog does not respond.
    pub ignore_failing: bool,
}

/// The health of an instance: the worst status of its checks.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Every check passes, or there is no check.
    #[default]
    Passing,
    /// At least one check warns.
    Warning,
    /// At least one check is critical.
    Critical,
    /// The node or the service is in maintenance.
    Maintenance,
    /// Any other status.
    Unknown,
}

impl Health {
    /// The name in Consul and in templates; empty for [`Health::Unknown`].
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

    /// The rank by severity, from 0 for passing. An unknown status does not hide a warning or worse.
    #[must_use]
    pub fn severity(self) -> u8 {
        match self {
            Self::Passing => 0,
            Self::Unknown => 1,
            Self::Warning => 2,
            Self::Critical => 3,
            Self::Maintenance => 4,
        }
    }
}

/// The instances that a service query returns, by health.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HealthFilter {
    /// All instances (`|any`).
    Any,
    /// Instances in one of these states (`|passing,warning`). The default is passing; `|,` matches
    /// no instance.
    Only(BTreeSet<Health>),
}

impl HealthFilter {
    /// The default filter.
    #[must_use]
    pub fn passing() -> Self {
        Self::Only(BTreeSet::from([Health::Passing]))
    }

    /// Returns `true` if an instance in this state is included.
    #[must_use]
    pub fn admits(&self, health: Health) -> bool {
        match self {
            Self::Any => true,
            Self::Only(wanted) => wanted.contains(&health),
        }
    }
}
