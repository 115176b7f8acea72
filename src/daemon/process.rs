//! The resources of the process: its signals, its PID file, its log, and the source of its
//! configuration.
//!
//! Input: a configuration that was read again. Output: a [`Renewal`], after all steps that can
//! fail.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use consul_watch::source::consul::{Client, ClientError};
use consul_watch::watch::Rules;
use ctmpl_options::config::ConfigError;
use ctmpl_options::config::resolved::{Config, Mode};
use ctmpl_options::config::status_addr::STATUS_NAMES;
use group_apply::change::ReplacedFile;
use group_apply::journal::Journal;
use group_apply::options::OnFailure;
use group_apply::replaced;
use group_apply::requests::{self, Requested};
use status_server::{BindError, Change, StatusAddr, StatusServer, bind};

use super::file_limit::{self, FileLimitError};
use crate::log::{LogError, OpenedLog};
use crate::pid_file::{PidFile, PidFileError};
use crate::report::Report;
use crate::signals::{Roles, SignalAction, SignalError, Signals};

/// The pause of `-once` between an answer and the next poll. In most cases the first answer is
/// enough.
const POLL_PAUSE_ONCE: Duration = Duration::from_millis(500);

/// Reads the configuration again from its files, environment variables and flags.
type ReadConfig = Arc<dyn Fn() -> Result<Config, ConfigError> + Send + Sync>;

/// Reads a new configuration and opens what it needs; may block.
pub(super) struct Reader {
    read: ReadConfig,
    /// The PID file that is in use.
    pid_file: Option<PathBuf>,
    /// The address of the status server.
    status_addr: Option<StatusAddr>,
    /// The record of the held destinations.
    journal: Option<Journal>,
}

/// A configuration that was read again, with everything that it needs. Nothing is in use yet.
pub(super) struct Prepared {
    config: Config,
    held: Vec<Requested>,
    replaced: Vec<ReplacedFile>,
    client: Client,
    pid_file: PidFileChange,
    status: Change,
    log: OpenedLog,
}

/// The difference between the PID files of two configurations.
enum PidFileChange {
    Keep,
    Replace(Option<PidFile>),
}

/// The resources that belong to the process as a whole.
pub struct Process {
    signals: Signals,
    pid_file: Option<PidFile>,
    status: StatusServer<Report>,
    read: ReadConfig,
    /// The mode that the process was started in.
    mode: Mode,
}

/// An error at the start of the process.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// A signal handler cannot be installed.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// The PID file cannot be written.
    #[error(transparent)]
    PidFile(#[from] PidFileError),
    /// The address of the status server cannot be used.
    #[error(transparent)]
    Status(#[from] BindError),
}

/// A configuration that was read again, with its client and rules.
pub(super) struct Renewal {
    pub(super) config: Config,
    /// The destinations of this configuration that the ledger has as held.
    pub(super) held: Vec<Requested>,
    /// The files whose command is owed as they were when it succeeded for the last time, if a group of this
    /// configuration can restore them and the ledger knows them.
    pub(super) replaced: Vec<ReplacedFile>,
    /// A client for the new configuration, which has sent no request yet.
    pub(super) client: Client,
    pub(super) rules: Rules,
}

/// The reason for which a configuration that was read again is not adopted.
#[derive(Debug, thiserror::Error)]
pub(super) enum RenewalError {
    /// The configuration is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration cannot be read.
    #[error("cannot read the configuration")]
    Unreadable(#[source] io::Error),
    /// It needs more open files than the limit.
    #[error(transparent)]
    FileLimit(#[from] FileLimitError),
    /// No client can be created for it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Its PID file cannot be written.
    #[error(transparent)]
    PidFile(#[from] PidFileError),
    /// Its log cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A signal handler cannot be installed.
    #[error(transparent)]
    Signal(#[from] SignalError),
}

impl std::fmt::Debug for Renewal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renewal")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Process {
    /// Creates the process: installs the signal handlers, binds the address of the status server, then writes the PID
    /// file, because a program that reads it may send a signal at once. `read` reads the configuration again for a
    /// reload.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub fn begin(
        config: &Config,
        read: impl Fn() -> Result<Config, ConfigError> + Send + Sync + 'static,
    ) -> Result<Self, ProcessError> {
        let signals = Signals::listen(roles(config))?;
        let bound = config.status_addr.as_ref();
        let bound = bound
            .map(|address| bind(address, STATUS_NAMES))
            .transpose()?;
        let pid_file = config
            .pid_file
            .as_deref()
            .map(PidFile::create)
            .transpose()?;
        Ok(Self {
            signals,
            pid_file,
            status: StatusServer::new(bound),
            read: Arc::new(read),
            mode: config.mode,
        })
    }

    /// Returns `true` if the process was started with `-once`.
    pub(super) fn is_once(&self) -> bool {
        self.mode != Mode::Daemon
    }

    /// The status server.
    pub(super) fn status_server(&mut self) -> &mut StatusServer<Report> {
        &mut self.status
    }

    /// Waits for the next action that a signal requests.
    pub(super) async fn next_signal(&mut self) -> SignalAction {
        self.signals.next().await
    }

    /// Waits for another signal that requests the end.
    pub(super) async fn next_end(&mut self) {
        while !matches!(self.next_signal().await, SignalAction::End(_)) {}
    }

    /// The rules for the queries of a configuration.
    pub(super) fn rules(&self, config: &Config) -> Rules {
        let consul = &config.consul;
        let (load, files) = (&consul.load, file_limit::max_polls(config));
        Rules {
            wait: consul.block_query_wait,
            max_stale: consul.max_stale,
            pause: match self.mode {
                Mode::Once { .. } => POLL_PAUSE_ONCE,
                Mode::Daemon => Duration::ZERO,
            },
            connections: load.connections.min(files),
            is_limited_by_files: files < load.connections,
            full_read_interval: load
                .full_read_interval
                .filter(|_| self.mode == Mode::Daemon),
            pauses: consul.retry.pauses,
        }
    }

    /// Returns the reader of the next configuration. `journal` has the held destinations.
    pub(super) fn reader(&self, journal: Option<Journal>) -> Reader {
        Reader {
            read: Arc::clone(&self.read),
            pid_file: self.pid_file.as_ref().map(|file| file.path().to_owned()),
            status_addr: self.status.address().cloned(),
            journal,
        }
    }

    /// Adopts a new configuration. If its signals cannot be caught, the previous configuration
    /// stays in use.
    pub(super) fn adopt(&mut self, prepared: Prepared) -> Result<Box<Renewal>, RenewalError> {
        let Prepared {
            config,
            held,
            replaced,
            client,
            pid_file,
            status,
            log,
        } = prepared;
        self.signals.assign(roles(&config))?;
        log.adopt();
        if let PidFileChange::Replace(new) = pid_file {
            let old = std::mem::replace(&mut self.pid_file, new);
            // Removing the old file may block.
            let _ = thread::Builder::new().spawn(move || drop(old));
        }
        self.status.adopt(status);
        Ok(Box::new(Renewal {
            rules: self.rules(&config),
            config,
            held,
            replaced,
            client,
        }))
    }
}

impl Reader {
    /// Reads the configuration, creates its client, writes its PID file, binds the address of its status server and opens
    /// its log.
    pub(super) fn prepare(&self) -> Result<Prepared, RenewalError> {
        let config = (self.read)()?;
        file_limit::check(&config)?;
        let client = Client::new(&config.consul.client)?;
        let pid_file = if self.pid_file == config.pid_file {
            PidFileChange::Keep
        } else {
            let path = config.pid_file.as_deref();
            PidFileChange::Replace(path.map(PidFile::create).transpose()?)
        };
        let journal = self.journal.as_ref();
        let held = journal.map(|journal| requests::holds(journal, config.destinations()));
        let replaced = journal.map(|journal| replaced::of_owed(journal, with_rollback(&config)));
        Ok(Prepared {
            client,
            held: held.unwrap_or_default(),
            replaced: replaced.unwrap_or_default(),
            pid_file,
            log: OpenedLog::open(&config.log)?,
            status: Change::between(
                self.status_addr.as_ref(),
                config.status_addr.as_ref(),
                STATUS_NAMES,
            ),
            config,
        })
    }
}

/// The destinations of groups whose files are restored after a failure.
fn with_rollback(config: &Config) -> Vec<PathBuf> {
    let jobs = config.jobs.iter();
    let jobs = jobs.filter(|job| job.applied_with().on_failure == OnFailure::Rollback);
    jobs.filter_map(|job| job.destination.clone()).collect()
}

fn roles(config: &Config) -> Roles {
    Roles {
        kill: config.kill_signal,
        reload: config.reload_signal,
        child: config.exec.is_some(),
    }
}

#[cfg(test)]
impl Renewal {
    /// Creates a renewal that no process has adopted.
    pub(super) fn of(config: Config) -> Result<Self, ClientError> {
        let consul = &config.consul;
        let rules = Rules {
            wait: consul.block_query_wait,
            max_stale: consul.max_stale,
            pause: Duration::ZERO,
            connections: 64,
            is_limited_by_files: false,
            full_read_interval: None,
            pauses: consul.retry.pauses,
        };
        Ok(Self {
            client: Client::new(&consul.client)?,
            rules,
            config,
            held: Vec::new(),
            replaced: Vec::new(),
        })
    }
}
