//! The resolved configuration.

mod consul;
mod job;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;

pub use super::exec::{CommandLine, EnvironmentConfig, ExecConfig};
pub use super::logging::{LogConfig, LogLevel};
pub use super::values::{Language, Owner, WriteMode};
pub use consul::{BasicAuth, ConsulConfig, Pauses, RetryConfig};
pub use file_formats::{Format, OutputFormat};
pub use http_client::{Authorities, Identity, TlsConfig, TransportConfig};
pub use job::{
    CommandConfig, Delimiters, FileConfig, Job, MissingKey, OnError, Permissions, RENDER_TIMEOUT,
    Settle, Source,
};

/// Everything that the daemon, or one run of it, needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// How Consul is reached.
    pub consul: ConsulConfig,
    /// One entry a template, in the order in which they are applied.
    pub jobs: Vec<Job>,
    /// The child that is started when all is written; `None`: none.
    pub exec: Option<ExecConfig>,
    /// Whether to end when all is written, or to go on watching.
    pub mode: Mode,
    /// Print what would be written; write nothing and run nothing.
    pub dry: bool,
    /// Read all templates, and do nothing else.
    pub parse_only: bool,
    /// Whether the process ends, and has failed, when a key that a template needs does not exist.
    pub fail_on_missing: bool,
    /// What is logged, how, and to whom.
    pub log: LogConfig,
    /// The signal that ends the process in an orderly way, beside TERM, INT and QUIT; `None`: no other.
    pub kill_signal: Option<Signal>,
    /// The signal that makes it read everything again; `None`: none does. It may be TERM, INT or QUIT, which then does
    /// not end the process.
    pub reload_signal: Option<Signal>,
    /// Where the process ID is written.
    pub pid_file: Option<PathBuf>,
    /// The embedded server to run beside it; `None`: none. With one, `jobs` may be empty.
    pub dev: Option<DevConfig>,
    /// What the operator should know about what was said, once the log is there.
    pub warnings: Vec<String>,
}

/// The embedded server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevConfig {
    /// Where it listens; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// The file with what it holds at first; `None`: nothing.
    pub seed: Option<PathBuf>,
}

/// How long the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Watch, render and apply until told to stop.
    Daemon,
    /// End when every template is written and every command has succeeded.
    Once {
        /// After how long what is missing is reported and the process ends; `None`: never.
        timeout: Option<Duration>,
    },
}
