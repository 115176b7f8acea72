//! ctmpl: the daemon between service discovery and the programs that read configuration files.

pub mod cli;
pub mod config;
pub mod query;
pub mod answer;
pub mod snapshot;
pub mod template;
