//! The resolved configuration.

mod consul;
mod job;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;

pub use consul::{ConsulConfig, LoadConfig, RetryConfig};
pub(crate) use job::RENDER_TIMEOUT;
pub use job::{Job, OnError};
use status_server::StatusAddr;

use super::exec::ExecConfig;
use super::logging::LogConfig;

/// The name of this program in messages and in the names of its files.
pub const PROGRAM: &str = "ctmpl";

/// The resolved configuration of the daemon, or of one run.
#[derive(Clone, Debug)]
pub struct Config {
    /// The connection to Consul.
    pub consul: ConsulConfig,
    /// The templates, in the order in which they are applied. A configuration file may have none yet.
    pub jobs: Vec<Job>,
    /// The child process; `None`: none.
    pub exec: Option<ExecConfig>,
    /// Whether the process exits when everything is written, or keeps watching.
    pub mode: Mode,
    /// Print what would be written; write no file and run no command.
    pub dry: bool,
    /// Parse all templates and exit.
    pub parse_only: bool,
    /// Exit with an error if a key that a template needs does not exist.
    pub fail_on_missing: bool,
    /// The log.
    pub log: LogConfig,
    /// The signal that shuts the process down, in addition to TERM and QUIT, and to INT; `None`: only TERM and QUIT do.
    pub kill_signal: Option<Signal>,
    /// The signal that reloads the configuration; `None`: none. It may be TERM, INT or QUIT, which then does not shut the
    /// process down.
    pub reload_signal: Option<Signal>,
    /// The file for the process ID.
    pub pid_file: Option<PathBuf>,
    /// The address of the status server; `None`: there is none.
    pub status_addr: Option<StatusAddr>,
    /// The directory for the state that outlives the process; `None`: no state is kept.
    pub state_dir: Option<StateDir>,
    /// The number of contents that are kept for each destination in the state directory.
    pub history: usize,
    /// Whether accepted answers are kept in the state directory, and when the next process uses them.
    pub answers: EarlierAnswers,
    /// The embedded server to run in the same process; `None`: none.
    pub dev: Option<DevConfig>,
    /// Warnings about the configuration, for the log.
    pub warnings: Vec<String>,
}

/// Whether the accepted answers are kept for the next process, and when it uses them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EarlierAnswers {
    /// They are not kept.
    NotKept,
    /// They are used where Consul's first answer is held back, and by calls that use stale answers.
    #[default]
    Kept,
    /// They are used for all queries that Consul does not answer.
    WarmStart,
}

impl Config {
    /// The destinations of all templates.
    #[must_use]
    pub fn destinations(&self) -> Vec<PathBuf> {
        let destinations = self.jobs.iter().filter_map(|job| job.destination.clone());
        destinations.collect()
    }
}

/// The directory for the state that outlives the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    /// The directory.
    pub path: PathBuf,
    /// `true` if it is configured: then a second process with the same directory is an error. Several
    /// processes may have the default.
    pub is_required: bool,
}

/// The embedded server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevConfig {
    /// The address on which it listens; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// The file with its initial data; `None`: it starts empty.
    pub seed: Option<PathBuf>,
}

/// The life time of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Watch, render and apply until a signal arrives.
    Daemon,
    /// Exit when every template is written and every command has succeeded.
    Once {
        /// The time after which the process reports the missing data and exits; `None`: no limit.
        timeout: Option<Duration>,
    },
}
