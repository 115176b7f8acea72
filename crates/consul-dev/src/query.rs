//! The queries that can block: their answers, and the writes that wake them.
//!
//! Input: a [`Query`] and a datacenter. Output: a [`QueryWatch`] (the index, and the writes that
//! may change it) and the JSON body; no body means 404.

mod answer;

use super::catalog::{Catalog, Tables, casefold};
use super::cluster_state::Datacenter;
use super::records::{Indexed, Instance};
use super::write_index::{Table, WriteIndex, watch_scope};

/// The key-value pairs that the metadata of a result's node must contain.
pub(crate) type NodeMeta = Vec<(String, String)>;

/// A query that accepts `?index`.
#[derive(Clone, Debug)]
pub(crate) enum Query {
    /// One key.
    Key(String),
    /// All entries below a prefix.
    Entries(String),
    /// The names of the keys below a prefix, up to a separator.
    Keys(String, String),
    /// The names of all services with their tags.
    Services(NodeMeta),
    /// The instances of a service that have all these tags.
    Instances {
        name: String,
        tags: Vec<String>,
        meta: NodeMeta,
    },
    /// All nodes.
    Nodes(NodeMeta),
    /// One node with its instances.
    Node(String),
    /// One node with the list of its instances.
    NodeInstances(String),
    /// The instances of a service with their checks.
    Health {
        name: String,
        tags: Vec<String>,
        meta: NodeMeta,
        passing: bool,
    },
    /// The instances that give access to a service in the mesh, with their checks.
    Connect {
        name: String,
        meta: NodeMeta,
        passing: bool,
    },
    /// The instances that give access to a service in the mesh.
    ConnectInstances { name: String, meta: NodeMeta },
    /// The checks on a node.
    NodeChecks(String),
    /// The checks of a service.
    ServiceChecks { name: String, meta: NodeMeta },
    /// The checks in a state; the state `any` selects all.
    ChecksInState { state: String, meta: NodeMeta },
    /// Sessions.
    Sessions(SessionSelection),
    /// A certificate of the mesh.
    Certificate(CertificateKind),
}

/// The sessions that a query selects.
#[derive(Clone, Debug)]
pub(crate) enum SessionSelection {
    All,
    OnNode(String),
    Id(String),
}

/// A certificate of the mesh.
#[derive(Clone, Debug)]
pub(crate) enum CertificateKind {
    /// The root certificates.
    Roots,
    /// The leaf certificate of a service.
    Leaf(String),
}

/// The index of a query, and the writes that may change it.
#[derive(Debug)]
pub(crate) struct QueryWatch {
    /// The index; 0 if nothing was ever written.
    pub(crate) index: u64,
    wake_on: WakeOn,
}

#[derive(Debug)]
enum WakeOn {
    /// Any write. The index is compared after each one.
    AnyWrite,
    /// A write of a name that has one of these prefixes.
    Names(Vec<(Table, Vec<u8>)>),
}

impl QueryWatch {
    /// Returns `true` if a write after the raft index `since` may have changed the index.
    pub(crate) fn is_affected(&self, writes: &WriteIndex, since: u64) -> bool {
        match &self.wake_on {
            WakeOn::AnyWrite => true,
            WakeOn::Names(names) => names
                .iter()
                .any(|(table, prefix)| writes.is_written_since(*table, prefix, since)),
        }
    }

    fn any_write(index: u64) -> Self {
        Self {
            index,
            wake_on: WakeOn::AnyWrite,
        }
    }

    fn names(index: u64, names: impl IntoIterator<Item = (Table, Vec<u8>)>) -> Self {
        Self {
            index,
            wake_on: WakeOn::Names(names.into_iter().collect()),
        }
    }
}

impl Query {
    /// Returns `true` for a query of the key-value store. Its answers lack some headers that the
    /// catalog's have.
    pub(crate) fn is_kv(&self) -> bool {
        matches!(self, Self::Key(_) | Self::Entries(_) | Self::Keys(..))
    }

    /// Returns `true` for a query that the agent answers itself. Its errors have no index.
    pub(crate) fn is_of_agent(&self) -> bool {
        matches!(self, Self::Certificate(CertificateKind::Leaf(_)))
    }

    /// Returns `true` for a query for the root certificates.
    pub(crate) fn is_of_roots(&self) -> bool {
        matches!(self, Self::Certificate(CertificateKind::Roots))
    }

    /// Returns `true` if the answer says which consistency it has.
    pub(crate) fn shows_consistency(&self) -> bool {
        let is_other = matches!(self, Self::Sessions(_) | Self::Certificate(_));
        !is_other && !self.is_kv()
    }

    /// Returns the current index of the query, and the writes that may change it.
    pub(crate) fn watch(&self, dc: &Datacenter) -> QueryWatch {
        let Datacenter { kv, catalog, .. } = dc;
        let Tables {
            nodes,
            services,
            checks,
        } = catalog.tables();
        let all = |table| (table, Vec::new());
        let named = |table, name: &str| (table, casefold(name).into_bytes());
        match self {
            Self::Key(key) => {
                let scope = watch_scope(kv.entries(), &format!("{key}\0"));
                QueryWatch::names(kv.key_index(key), [(Table::Keys, scope)])
            }
            Self::Entries(prefix) | Self::Keys(prefix, _) => {
                let scope = watch_scope(kv.entries(), prefix);
                QueryWatch::names(kv.prefix_index(prefix), [(Table::Keys, scope)])
            }
            Self::Services(meta) if meta.is_empty() => {
                QueryWatch::names(services, [all(Table::ServiceInstances)])
            }
            Self::Services(_) => QueryWatch::names(
                services.max(nodes),
                [all(Table::ServiceInstances), all(Table::Nodes)],
            ),
            Self::Nodes(_) => QueryWatch::names(nodes, [all(Table::Nodes)]),
            Self::Node(name) | Self::NodeInstances(name) if catalog.node(name).is_none() => {
                let scope = watch_scope(catalog.nodes(), &casefold(name));
                QueryWatch::names(0, [(Table::Nodes, scope)])
            }
            Self::Node(name) | Self::NodeInstances(name) => QueryWatch::names(
                nodes.max(services),
                [named(Table::Nodes, name), named(Table::NodeInstances, name)],
            ),
            Self::Instances { name, .. } => QueryWatch::names(
                catalog.service_index(name, false),
                instance_names(catalog, name),
            ),
            Self::Health { name, .. } if catalog.services().contains_key(&casefold(name)) => {
                QueryWatch::any_write(catalog.service_index(name, true))
            }
            Self::Health { name, .. } => QueryWatch::names(
                catalog.service_index(name, true),
                instance_names(catalog, name),
            ),
            // Any instance may become a proxy of the service, so every write to the catalog wakes
            // the query. Consul wakes it less often.
            Self::Connect { .. } | Self::ConnectInstances { .. } => {
                QueryWatch::any_write(nodes.max(services).max(checks))
            }
            Self::NodeChecks(name) => QueryWatch::names(checks, [named(Table::NodeChecks, name)]),
            Self::ServiceChecks { name, .. } => {
                QueryWatch::names(checks, [named(Table::ServiceChecks, name)])
            }
            Self::ChecksInState { .. } => QueryWatch::names(checks, [all(Table::NodeChecks)]),
            Self::Sessions(_) => QueryWatch::names(dc.sessions.index(), [all(Table::Sessions)]),
            Self::Certificate(wanted) => QueryWatch::names(certificate_index(dc, wanted), []),
        }
    }
}

/// Returns the index of a certificate. No write changes it while a query waits: the request creates
/// or renews the certificate before.
fn certificate_index(dc: &Datacenter, wanted: &CertificateKind) -> u64 {
    let authority = dc.authority.as_ref();
    let index = match wanted {
        CertificateKind::Roots => authority.map(|found| found.index),
        CertificateKind::Leaf(service) => authority
            .and_then(|found| found.leaf(service))
            .map(|leaf| leaf.index),
    };
    index.unwrap_or(0)
}

/// Returns the names that a query for a service's instances watches: the instances and their nodes.
fn instance_names(catalog: &Catalog, name: &str) -> Vec<(Table, Vec<u8>)> {
    let mut names = vec![(
        Table::ServiceInstances,
        watch_scope(catalog.services(), &format!("{}\0", casefold(name))),
    )];
    names.extend(
        instances(catalog, name, &[])
            .map(|found| (Table::Nodes, casefold(&found.value.node).into())),
    );
    names
}

/// Returns the instances of a service that have all of these tags.
fn instances<'a>(
    catalog: &'a Catalog,
    name: &'a str,
    tags: &'a [String],
) -> impl Iterator<Item = &'a Indexed<Instance>> {
    catalog.instances().filter(move |found| {
        let has = |tag: &String| {
            let mut own = found.value.tags.iter();
            own.any(|own| casefold(own) == casefold(tag))
        };
        casefold(&found.value.name) == casefold(name) && tags.iter().all(has)
    })
}
