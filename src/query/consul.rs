//! Queries that Consul answers.

use std::collections::BTreeSet;

/// A query that Consul answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConsulQuery {
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

    /// The version or edition of Consul that the endpoint requires, if not every Consul has it.
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

/// Where a query is sent: an empty text means "where the agent is".
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
    /// Where it is sent.
    pub scope: Scope,
}

/// The instances of one service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceQuery {
    /// The name of the service.
    pub name: String,
    /// Only instances with this tag; empty: all.
    pub tag: String,
    /// Where it is sent.
    pub scope: Scope,
    /// The cluster peer that is queried (`?peer=east`); empty: none.
    pub peer: String,
    /// The sameness group that is queried (`?sameness-group=g`); empty: none.
    pub sameness_group: String,
    /// Sorted by round trip from this node (`~web-1`, `~_agent`); empty: sorted by node and ID.
    pub near: String,
    /// The states of health that are wanted.
    pub health: HealthFilter,
}

/// A node by name; the empty name is the agent's own node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeQuery {
    /// The node's name.
    pub name: String,
    /// Where it is sent.
    pub scope: Scope,
}

/// All nodes, sorted by name or by distance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodesQuery {
    /// Sorted by round trip from this node; empty: sorted by name and address.
    pub near: String,
    /// Where it is sent.
    pub scope: Scope,
}

/// All datacenters, or those that answer.
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
    /// A state that is none of these.
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

/// The instances that a service query keeps: all, or those in one of some states.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HealthFilter {
    /// `|any`.
    Any,
    /// `|passing,warning`; without a filter, passing; `|,` matches nothing.
    Only(BTreeSet<Health>),
}

impl HealthFilter {
    /// The default filter.
    #[must_use]
    pub fn passing() -> Self {
        Self::Only(BTreeSet::from([Health::Passing]))
    }

    /// Returns `true` if an instance in this state is kept.
    #[must_use]
    pub fn admits(&self, health: Health) -> bool {
        match self {
            Self::Any => true,
            Self::Only(wanted) => wanted.contains(&health),
        }
    }
}
