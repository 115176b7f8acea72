//! The connection to Consul.

use std::path::PathBuf;
use std::time::Duration;

use consul_watch::source::consul::ClientConfig;
use consul_watch::watch::{Pauses, Rules};
use secrecy::{ExposeSecret, SecretString};

/// The connection to Consul.
#[derive(Clone, Debug)]
pub struct ConsulConfig {
    /// The servers, and how they are reached.
    pub client: ClientConfig,
    /// The file with the token, watched for changes; `None`: the token is not from a file.
    pub token_file: Option<PathBuf>,
    /// The maximum age of a stale answer; `None`: no stale answers.
    pub max_stale: Option<Duration>,
    /// The maximum time for which Consul may hold a blocking query.
    pub block_query_wait: Duration,
    /// The retries when Consul does not answer.
    pub retry: RetryConfig,
    /// The load that Consul may have to bear.
    pub load: LoadConfig,
    /// The environment variables by which commands reach the same Consul; values may be secret.
    pub exports: Vec<(String, SecretString)>,
}

impl PartialEq for ConsulConfig {
    fn eq(&self, other: &Self) -> bool {
        self.comparable() == other.comparable()
    }
}

impl ConsulConfig {
    /// All fields, with secrets as text, which can be compared.
    fn comparable(&self) -> impl PartialEq {
        let Self {
            client,
            token_file,
            max_stale,
            block_query_wait,
            retry,
            load,
            exports,
        } = self;
        let exports = exports
            .iter()
            .map(|(name, value)| (name, value.expose_secret().to_owned()));
        (
            (client, token_file, max_stale, block_query_wait),
            (retry, load, exports.collect::<Vec<_>>()),
        )
    }
}

/// The retries when Consul does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryConfig {
    /// The retries of `-once` before it fails; `None`: until its time limit. The daemon retries without limit.
    pub attempts: Option<u32>,
    /// The pauses between retries.
    pub pauses: Pauses,
}

impl RetryConfig {
    /// The default.
    pub const DEFAULT: Self = Self {
        attempts: None,
        pauses: Pauses::DEFAULT,
    };
}

/// The load that Consul may have to bear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadConfig {
    /// The maximum number of connections to one server.
    pub connections: usize,
    /// The interval at which every answer is read again; `None`: never.
    pub full_read_interval: Option<Duration>,
}

impl LoadConfig {
    /// The default.
    pub const DEFAULT: Self = Self {
        connections: Rules::DEFAULT.connections,
        full_read_interval: Rules::DEFAULT.full_read_interval,
    };
}
