//! The sources of answers.
//!
//! A [`Source`] is polled with a query. It returns a typed answer, or an [`Error`] whose class says
//! whether a retry helps. Each kind of [`Query`](crate::query::Query) has one source: [`consul::Client`],
//! or one of the caller for files and programs.

pub mod consul;
mod error;
mod local;
mod node_snapshot;
mod poll;
mod tick;

pub use error::{Error, ErrorClass};
pub(crate) use node_snapshot::fingerprint;
pub use node_snapshot::{InstanceIndex, NodeSnapshot};
pub use poll::{Circumstances, MAX_SHORT_REQUESTS, Poll, Refresh, Reply, Source, SourceQuery};
pub use tick::{Area, Tick, TickReply};
