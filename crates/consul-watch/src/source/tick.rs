//! Ticks: requests that tell cheaply that something in an area has changed, but not what.
//!
//! A long poll for each query takes a connection for each query. With more queries than
//! connections, a few long polls for ticks announce a change, and short requests find it.

use std::collections::BTreeSet;

use crate::query::{KeyQuery, Scope};

/// A set of queries whose changes are announced by the same ticks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// The nodes, services and checks of a datacenter, namespace and partition.
    Catalog(Scope),
    /// The entries below a prefix of the key/value store.
    Keys(KeyQuery),
}

/// A request whose index rises whenever anything in a part of an [`Area`] changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tick {
    /// The checks that are critical: `GET /v1/health/state/critical`. Its index rises with any check.
    Checks(Scope),
    /// The names of all services: `GET /v1/catalog/services`. Its index rises with any service.
    Services(Scope),
    /// The nodes: `GET /v1/catalog/nodes`. Its index rises with any node.
    Nodes(Scope),
    /// The keys directly below a prefix: `GET /v1/kv/<prefix>?keys&separator=/`. Its index rises with any
    /// entry below the prefix.
    Keys(KeyQuery),
}

/// The answer to a [`Tick`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TickReply {
    /// The index; `None` if the server sent no valid one.
    pub index: Option<u64>,
    /// The services with a critical check. The difference between two answers names services that have changed.
    pub critical: BTreeSet<String>,
    /// The nodes with a critical check of their own.
    pub critical_nodes: BTreeSet<String>,
    /// The names of all nodes, for [`Tick::Nodes`].
    pub nodes: BTreeSet<String>,
    /// The size of the answer in bytes.
    pub bytes: usize,
}

impl Area {
    /// The ticks that together announce every change in this area.
    ///
    /// An instance consists of its node, its service and its checks, which Consul stores in three tables with an
    /// index each.
    #[must_use]
    pub fn ticks(&self) -> Vec<Tick> {
        match self {
            Self::Catalog(scope) => vec![
                Tick::Checks(scope.clone()),
                Tick::Services(scope.clone()),
                Tick::Nodes(scope.clone()),
            ],
            Self::Keys(prefix) => vec![Tick::Keys(prefix.clone())],
        }
    }
}

impl Tick {
    /// The datacenter, namespace and partition.
    #[must_use]
    pub(crate) fn scope(&self) -> &Scope {
        match self {
            Self::Checks(scope) | Self::Services(scope) | Self::Nodes(scope) => scope,
            Self::Keys(prefix) => &prefix.scope,
        }
    }
}
