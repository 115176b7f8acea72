//! ctmpl: the daemon between service discovery and the programs that read configuration files.

pub mod answer;
pub mod config;
pub mod consul;
pub mod decide;
pub mod guard;
pub mod log;
pub mod pid_file;
pub mod query;
pub mod signals;
pub mod snapshot;
pub mod template;
pub mod watch;
