//! The process: its signals, its PID file, its log, and where its configuration comes from.
//!
//! in:  a configuration that was read again
//! out: a [`Renewal`], with everything that could fail already done; and that put in force

use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit};

use crate::config::resolved::Config;
use crate::config::{ConfigError, ConsulConfig};
use crate::consul::{Client, ClientError};
use crate::log::{self, LogError};
use crate::pid_file::{PidFile, PidFileError};
use crate::signals::{Roles, SignalAction, SignalError, Signals};
use crate::watch::Rules;

/// How many files are open at most beside the connections that wait: those of first answers, of what is written, of a
/// command, of the watch, and some to spare.
const OTHER_FILES: usize = 40;
/// How long somebody who renders once rests after an answer: mostly, the first answer is all that is needed.
const REST_ONCE: Duration = Duration::from_millis(500);

/// Reads the configuration anew, from wherever it came.
type Read = Box<dyn Fn() -> Result<Config, ConfigError> + Send>;

/// What there is one of in the process.
pub struct Process {
    signals: Signals,
    pid_file: Option<PidFile>,
    read: Read,
}

/// Why the process cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// A signal cannot be listened for.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// The process ID cannot be written.
    #[error(transparent)]
    PidFile(#[from] PidFileError),
}

/// A configuration that was read again, and what it takes to follow it.
pub(super) struct Renewal {
    pub(super) config: Config,
    /// Asks Consul as the new configuration says; it has not asked yet.
    pub(super) client: Client,
}

/// Why a configuration that was read again is not put in force.
#[derive(Debug, thiserror::Error)]
pub(super) enum RenewalError {
    /// It is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Consul cannot be asked as it says.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The process ID cannot be written where it says.
    #[error(transparent)]
    PidFile(#[from] PidFileError),
    /// It cannot be logged where it says.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A signal cannot be listened for.
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
    /// Begins to listen, and then tells where to send signals: whoever reads the PID file may do so at once. `read`
    /// reads the configuration again when somebody asks for it.
    ///
    /// # Errors
    /// [`ProcessError`]
    pub fn begin(
        config: &Config,
        read: impl Fn() -> Result<Config, ConfigError> + Send + 'static,
    ) -> Result<Self, ProcessError> {
        let signals = Signals::listen(roles(config))?;
        let pid_file = config
            .pid_file
            .as_deref()
            .map(PidFile::create)
            .transpose()?;
        Ok(Self {
            signals,
            pid_file,
            read: Box::new(read),
        })
    }

    /// What a signal asks for.
    pub(super) async fn wish(&mut self) -> SignalAction {
        self.signals.next().await
    }

    /// Reads the configuration again, and puts in force what could still fail: nothing, if anything fails.
    pub(super) fn renew(&mut self) -> Result<Box<Renewal>, RenewalError> {
        let config = (self.read)()?;
        let client = Client::new(&config.consul)?;
        let stays = self.pid_file.as_ref().map(PidFile::path) == config.pid_file.as_deref();
        let new = if stays {
            None
        } else {
            config
                .pid_file
                .as_deref()
                .map(PidFile::create)
                .transpose()?
        };
        log::change(&config.log)?;
        self.signals.assign(roles(&config))?;
        if !stays {
            self.pid_file = new;
        }
        Ok(Box::new(Renewal { config, client }))
    }
}

fn roles(config: &Config) -> Roles {
    Roles {
        kill: config.kill_signal,
        reload: config.reload_signal,
        child: config.exec.is_some(),
    }
}

/// What the queries of a configuration are asked by, beside who is asked.
pub(super) fn rules(consul: &ConsulConfig, once: bool, embedded: bool) -> Rules {
    Rules {
        wait: consul.block_query_wait,
        max_stale: consul.max_stale,
        rest: if once { REST_ONCE } else { Duration::ZERO },
        polls: room_for_polls(embedded),
        pauses: consul.retry.pauses,
    }
}

/// How many connections may wait for news, so that enough files can be opened for everything else. The embedded server
/// has the other end of each connection in the same process.
fn room_for_polls(embedded: bool) -> usize {
    let most = getrlimit(Resource::RLIMIT_NOFILE).map_or(usize::MAX, |(soft, _)| {
        usize::try_from(soft).unwrap_or(usize::MAX)
    });
    let room = most.saturating_sub(OTHER_FILES);
    if embedded { room / 2 } else { room }
}

#[cfg(test)]
impl Renewal {
    /// One that no process has taken over anything of.
    pub(super) fn of(config: Config) -> Result<Self, ClientError> {
        Ok(Self {
            client: Client::new(&config.consul)?,
            config,
        })
    }
}
