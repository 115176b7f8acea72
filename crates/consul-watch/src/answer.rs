//! The typed answers to queries.
//!
//! An [`Answer`] is sorted as in consul-template, and comparable with the previous
//! one. Field names are Consul's own. A field that is missing or `null` is empty, or
//! [`Nullable`].

mod any;
mod catalog;
mod depth;
mod mesh;
mod nullable;

pub use any::Answer;
pub(crate) use catalog::or_default;
pub use catalog::{
    Check, Identity, Instance, Node, NodeService, NodeServices, Pair, ServiceTags, TaggedAddress,
    TextMap, Weights,
};
pub use depth::Depth;
pub use mesh::{
    CaRoot, Consumers, ExportedService, ImportedService, LeafCertificate, Partition, Peering,
    PeeringRemote, PrivateKey, StreamStatus,
};
pub use nullable::Nullable;
