//! What a template can request, and how it is written.
//!
//! Input: the argument of a template function, for example `v2.web?ns=ops@dc2~near|passing,warning`. Output: a [`Query`],
//! the key of a dependency.
//!
//! The written forms are consul-template's; the suffixes come in one fixed order, `name?query@dc~near|filter`.

mod any;
mod consul;
mod parse;
mod text;
mod written;

pub use any::{FileQuery, PluginQuery, Query};
pub use consul::{
    ConsulQuery, DatacentersQuery, Health, HealthFilter, KeyQuery, NodeQuery, NodesQuery, Scope,
    ServiceQuery,
};
pub use written::QueryError;
