//! Where the data of templates comes from.
//!
//! A [`Source`] is polled with a query and returns a typed answer, or an [`Error`] whose class says whether a retry
//! helps. There is one source for each kind of [`Query`](crate::query::Query): [`consul::Client`], [`file::Files`] and
//! [`plugin::Plugins`].

pub mod consul;
mod error;
pub mod file;
pub mod plugin;
mod poll;

pub use error::{Error, ErrorClass};
pub use poll::{Poll, Refresh, Reply, Source, SourceQuery};
