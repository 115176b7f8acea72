//! The queries, and their text form.
//!
//! Input: the argument of a template function of consul-template, for example
//! `v2.web?ns=ops@dc2~near|passing,warning`. Output: a [`Query`], the key of a dependency.
//!
//! The syntax is that of consul-template. Suffixes have a fixed order: `name?query@dc~near|filter`.

mod any;
mod consul;
mod map;
mod parse;
mod text;
mod written;

pub use any::{FileQuery, PluginQuery, Query};
pub use consul::{
    ConsulQuery, DatacentersQuery, Health, HealthFilter, KeyQuery, NodeQuery, NodesQuery, Scope,
    ServiceQuery,
};
pub use map::QueryMap;
pub use written::QueryError;
