//! ctmpl: the daemon between service discovery and the programs that read configuration files.

pub mod answer;
pub mod config;
pub mod dev;
pub mod query;
pub mod snapshot;
pub mod template;
