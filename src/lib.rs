//! ctmpl: the daemon between service discovery and the programs that read configuration files.

pub mod cli;
pub mod regular;
pub mod config;
pub mod query;
pub mod answer;
pub mod consul;
pub mod watch;
pub mod guard;
pub mod snapshot;
pub mod template;
pub mod decide;
pub mod systemd;
pub mod signals;
pub mod command;
pub mod child;
pub mod apply;
pub mod log;
pub mod pid_file;
pub mod supervise;
pub mod dev;
pub mod convert;
