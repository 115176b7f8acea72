//! The connection to Consul.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use http_client::{Authorities, TlsConfig, TransportConfig};

/// The connection to Consul.
#[derive(Clone, Debug)]
pub struct ConsulConfig {
    /// The servers or agents, in the order in which they are tried; at least one. The path of a URL is a prefix that
    /// does not end in a slash, unless it is only that; the path of `unix://` is that of the socket.
    pub servers: Vec<Url>,
    /// TLS, for the servers that are reached over it.
    pub tls: TlsConfig,
    /// The token sent with every request; `None`: the agent's own.
    pub token: Option<SecretString>,
    /// The file with the token, watched for changes; `None`: the token is not from a file.
    pub token_file: Option<PathBuf>,
    /// User and password for basic authentication; `None`: not used.
    pub auth: Option<BasicAuth>,
    /// The namespace of queries that name none; `None`: the server's choice.
    pub namespace: Option<String>,
    /// The admin partition of queries that name none; `None`: the server's choice.
    pub partition: Option<String>,
    /// The maximum age of a stale answer; `None`: no stale answers.
    pub max_stale: Option<Duration>,
    /// The maximum time for which Consul may hold a blocking query.
    pub block_query_wait: Duration,
    /// The retries when Consul does not answer.
    pub retry: RetryConfig,
    /// The limits of connections.
    pub transport: TransportConfig,
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

impl PartialEq for BasicAuth {
    fn eq(&self, other: &Self) -> bool {
        let comparable = |auth: &Self| (auth.username.clone(), exposed(&auth.password));
        comparable(self) == comparable(other)
    }
}

/// The value of a secret, only to compare it.
fn exposed(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}

impl ConsulConfig {
    /// All fields, with secrets as text, which can be compared.
    fn comparable(&self) -> impl PartialEq {
        let Self {
            servers,
            tls,
            token,
            token_file,
            auth,
            namespace,
            partition,
            max_stale,
            block_query_wait,
            retry,
            transport,
            load,
            exports,
        } = self;
        let exports = exports.iter().map(|(name, value)| (name, exposed(value)));
        (
            (servers, tls, token.as_ref().map(exposed), token_file, auth),
            (namespace, partition, max_stale, block_query_wait),
            (retry, transport, load, exports.collect::<Vec<_>>()),
        )
    }

    /// Returns `true` if any server is reached over TLS.
    #[must_use]
    pub fn is_over_tls(&self) -> bool {
        self.servers.iter().any(|server| server.scheme() == "https")
    }

    /// The files that TLS needs; those in a directory of authorities are not among them.
    #[must_use]
    pub fn certificates(&self) -> Vec<PathBuf> {
        if !self.is_over_tls() {
            return Vec::new();
        }
        let TlsConfig {
            authorities,
            identity,
            ..
        } = &self.tls;
        let authorities = match authorities {
            Authorities::File(path) => Some(path),
            Authorities::System | Authorities::Directory(_) | Authorities::Text(_) => None,
        };
        let own = identity
            .iter()
            .flat_map(|identity| [&identity.certificate, &identity.key]);
        authorities.into_iter().chain(own).cloned().collect()
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

/// The pauses between retries of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pauses {
    /// The first pause; each further one is twice as long.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// The longest pause of the one query that probes for the end of an outage.
    pub probe: Duration,
}

impl RetryConfig {
    /// The default.
    pub const DEFAULT: Self = Self {
        attempts: None,
        pauses: Pauses::DEFAULT,
    };
}

impl Pauses {
    /// The default. With jitter a probe pauses half a second on average, so a recovery is noticed within a second.
    pub const DEFAULT: Self = Self {
        first: Duration::from_millis(250),
        longest: Duration::from_secs(60),
        probe: Duration::from_secs(1),
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
    /// The default: less than a third of the connections that Consul accepts from one address.
    pub const DEFAULT: Self = Self {
        connections: 64,
        full_read_interval: Some(Duration::from_secs(600)),
    };
}

/// User and password.
#[derive(Clone, Debug)]
pub struct BasicAuth {
    /// The user.
    pub username: String,
    /// The password, which may be empty.
    pub password: SecretString,
}
