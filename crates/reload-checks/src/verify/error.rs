//! The errors of a verification.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::master::Server;

/// A server that could not be observed, or that has not reloaded its configuration.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// No process of the server is visible.
    #[error(
        "no {server} process is visible to this user: is it running? If it runs in a container or on another host, verify with a command or an HTTP request instead"
    )]
    NotRunning {
        /// The server.
        server: Server,
    },
    /// All masters are in containers.
    #[error(
        "{server} runs only in other PID namespaces ({processes}): to verify a server in a container, set pid_file to a file with its process ID on this host, or use a command or an HTTP request"
    )]
    InContainer {
        /// The server.
        server: Server,
        /// The masters.
        processes: String,
    },
    /// There are several masters.
    #[error("several {server} servers are running ({processes}): set pid_file to choose one")]
    Several {
        /// The server.
        server: Server,
        /// The masters.
        processes: String,
    },
    /// The PID file cannot be read.
    #[error("cannot read the PID file {}", path.display())]
    PidFile {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The PID file names no master of this server.
    #[error(
        "process {pid} of the PID file {} is not a running {server} master: is the file outdated, or from a container?",
        path.display()
    )]
    NotTheMaster {
        /// The server.
        server: Server,
        /// The file.
        path: PathBuf,
        /// The process ID in the file.
        pid: i32,
    },
    /// The master has ended, and there is no new one.
    #[error(
        "the {server} process {pid} has ended, and no new one with workers has started within {limit:.1?}"
    )]
    Ended {
        /// The server.
        server: Server,
        /// The old process.
        pid: i32,
        /// The time limit.
        limit: Duration,
    },
    /// The master runs, but has no new workers: it accepted the signal, and rejected the configuration.
    #[error(
        "the {server} process {pid} has no new workers after {limit:.1?}: it kept the old ones ({workers}), so it has probably rejected the new configuration; see its error log"
    )]
    OldWorkersKept {
        /// The server.
        server: Server,
        /// The master.
        pid: i32,
        /// The process IDs of its workers.
        workers: String,
        /// The time limit.
        limit: Duration,
    },
    /// New workers have started, but old ones still accept connections.
    #[error(
        "the {server} process {pid} has new workers, but old ones ({workers}) still serve the old configuration after {limit:.1?}"
    )]
    OldWorkersServe {
        /// The server.
        server: Server,
        /// The master.
        pid: i32,
        /// The process IDs of the old workers.
        workers: String,
        /// The time limit.
        limit: Duration,
    },
    /// New workers have started and ended again.
    #[error(
        "the new {server} workers of {pid} do not keep running: no reload was confirmed within {limit:.1?}; see its error log"
    )]
    Unstable {
        /// The server.
        server: Server,
        /// The master.
        pid: i32,
        /// The time limit.
        limit: Duration,
    },
}
