//! The answer to any query.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::catalog::{Instance, Node, NodeServices, Pair, ServiceTags};
use super::mesh::{CaRoot, ExportedService, ImportedService, LeafCertificate, Partition, Peering};

/// The typed answer to a [`Query`](crate::query::Query). Each variant belongs to the query of the
/// same name; `Service` also answers [`Connect`](crate::query::ConsulQuery::Connect).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// The certificate and its key. They are never stored.
    #[serde(skip)]
    CaLeaf(Arc<LeafCertificate>),
    /// The partitions, by name.
    Partitions(Vec<Arc<Partition>>),
    /// The peerings, by state, partition and name.
    Peerings(Vec<Arc<Peering>>),
    /// The exported services, by name.
    ExportedServices(Vec<Arc<ExportedService>>),
    /// The imported services, by name.
    ImportedServices(Vec<Arc<ImportedService>>),
    /// The text of the file. It is never stored.
    #[serde(skip)]
    File(Arc<str>),
    /// The output of the program, or its error. They are never stored.
    #[serde(skip)]
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

    /// The answer as it is stored on the disk; `None` for one that may be secret as a whole.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        // A variant with `skip` is an error.
        serde_json::to_vec(self).ok()
    }

    /// Reads an answer from the disk; `None` if another version has stored it in another form.
    #[must_use]
    pub fn decode(stored: &[u8]) -> Option<Self> {
        serde_json::from_slice(stored).ok()
    }

    /// Returns `true` if the answer has no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::super::mesh::PrivateKey;
    use super::*;

    #[test]
    fn an_answer_that_may_be_secret_is_not_stored() {
        let leaf = LeafCertificate {
            private_key: PrivateKey::default(),
            ..LeafCertificate::default()
        };
        for answer in [
            Answer::CaLeaf(Arc::new(leaf)),
            Answer::File("secret".into()),
            Answer::Plugin(Ok("secret".into())),
        ] {
            assert_eq!(answer.encode(), None);
        }
        assert_eq!(Answer::decode(br#"{"File":"secret"}"#), None);
    }

    #[test]
    fn a_stored_key_is_the_same() {
        let binary = Pair {
            path: "app/a".to_owned(),
            key: "a".to_owned(),
            value: "\u{fffd}".to_owned(),
            bytes: Some(Box::new([0xff])),
            create_index: 1,
            modify_index: u64::MAX,
            ..Pair::default()
        };
        for answer in [
            Answer::Key(None),
            Answer::Key(Some(Arc::new(binary.clone()))),
            Answer::Pairs(vec![Arc::new(binary)]),
            Answer::Datacenters(Vec::new()),
        ] {
            let stored = answer.encode().unwrap();
            assert_eq!(Answer::decode(&stored), Some(answer));
        }
    }
}
