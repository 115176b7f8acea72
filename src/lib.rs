//! ctmpl: the daemon between service discovery and the programs that read configuration files.

pub mod answer;
pub mod consul;
pub mod config;
pub mod query;
pub mod watch;
pub mod snapshot;
pub mod template;
