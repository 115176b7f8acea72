//! The sources of template data.
//!
//! A [`Source`] is polled with a query. It returns a typed answer, or an [`Error`] whose class says
//! whether a retry helps. Each kind of [`Query`](crate::query::Query) has one source:
//! [`consul::Client`], [`file::FileSource`] or [`plugin::PluginSource`].

pub mod consul;
mod error;
pub mod file;
mod node_snapshot;
pub mod plugin;
mod poll;
mod tick;

pub use error::{Error, ErrorClass};
pub use node_snapshot::{InstanceIndex, NodeSnapshot, fingerprint};
pub use poll::{Circumstances, MAX_SHORT_REQUESTS, Poll, Refresh, Reply, Source, SourceQuery};
pub use tick::{Area, Tick, TickReply};
