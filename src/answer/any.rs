//! The answer to any query.

use std::sync::Arc;

use super::catalog::{Instance, Node, NodeServices, Pair, ServiceTags};
use super::mesh::{CaRoot, ExportedService, ImportedService, LeafCertificate, Partition, Peering};

/// The typed answer to a [`Query`](crate::query::Query). Each variant belongs to the query of the
/// same name; `Service` also answers [`Connect`](crate::query::ConsulQuery::Connect).
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The entry; `None` if the key does not exist.
    Key(Option<Arc<Pair>>),
    /// The entries below a prefix, in Consul's order (by key).
    Pairs(Vec<Arc<Pair>>),
    /// The instances, by node and ID, or in Consul's order if sorted near a node.
    Service(Vec<Arc<Instance>>),
    /// The services, by name.
    Services(Vec<Arc<ServiceTags>>),
    /// The node and its services; `None` if the node does not exist.
    Node(Option<Arc<NodeServices>>),
    /// The nodes, by name and address, or in Consul's order if sorted near a node.
    Nodes(Vec<Arc<Node>>),
    /// The datacenters, by name.
    Datacenters(Vec<String>),
    /// The trusted root certificates, in Consul's order.
    CaRoots(Vec<Arc<CaRoot>>),
    /// The certificate and its key.
    CaLeaf(Arc<LeafCertificate>),
    /// The partitions, by name.
    Partitions(Vec<Arc<Partition>>),
    /// The peerings, by state, partition and name.
    Peerings(Vec<Arc<Peering>>),
    /// The exported services, by name.
    ExportedServices(Vec<Arc<ExportedService>>),
    /// The imported services, by name.
    ImportedServices(Vec<Arc<ImportedService>>),
    /// The text of the file.
    File(Arc<str>),
    /// The output of the program, or its error.
    Plugin(Result<Arc<str>, Arc<str>>),
}

impl Answer {
    /// The number of items in the answer; a drop of it is a loss of data.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Key(pair) => usize::from(pair.is_some()),
            Self::Pairs(pairs) => pairs.len(),
            Self::Service(instances) => instances.len(),
            Self::Services(services) => services.len(),
            Self::Node(node) => usize::from(node.is_some()),
            Self::Nodes(nodes) => nodes.len(),
            Self::Datacenters(names) => names.len(),
            Self::CaRoots(roots) => roots.len(),
            Self::Partitions(partitions) => partitions.len(),
            Self::Peerings(peerings) => peerings.len(),
            Self::ExportedServices(services) => services.len(),
            Self::ImportedServices(services) => services.len(),
            Self::CaLeaf(_) | Self::File(_) | Self::Plugin(_) => 1,
        }
    }

    /// Returns `true` if the answer has no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
