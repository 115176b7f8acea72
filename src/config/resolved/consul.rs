//! How Consul is reached.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use http_client::{Authorities, TlsConfig, TransportConfig};

/// How Consul is reached.
#[derive(Clone, Debug)]
pub struct ConsulConfig {
    /// The servers or agents, in the order in which they are tried; at least one. The path of a URL is a prefix that
    /// does not end in a slash, unless it is only that; the path of `unix://` is that of the socket.
    pub servers: Vec<Url>,
    /// What holds for those that are reached over TLS.
    pub tls: TlsConfig,
    /// The token sent with every request; `None`: the agent's own.
    pub token: Option<SecretString>,
    /// The file that the token came from, which may come to hold another; `None`: it is not from a file.
    pub token_file: Option<PathBuf>,
    /// User and password for basic authentication; `None`: not used.
    pub auth: Option<BasicAuth>,
    /// The namespace of queries that name none; `None`: the server's choice.
    pub namespace: Option<String>,
    /// The admin partition of queries that name none; `None`: the server's choice.
    pub partition: Option<String>,
    /// How old a stale answer may be; `None`: stale answers are not asked for.
    pub max_stale: Option<Duration>,
    /// How long one blocking query may block.
    pub block_query_wait: Duration,
    /// What happens when it does not answer.
    pub retry: RetryConfig,
    /// How connections are kept.
    pub transport: TransportConfig,
    /// What commands find in their environment, so that they talk to the same Consul; values may be secret.
    pub exports: Vec<(String, SecretString)>,
}

impl PartialEq for ConsulConfig {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            servers,
            tls,
            token,
            token_file,
            auth,
            namespace,
            partition,
            ..
        } = self;
        let Self {
            max_stale,
            block_query_wait,
            retry,
            transport,
            exports,
            ..
        } = self;
        let exported = |exports: &[(String, SecretString)]| {
            exports
                .iter()
                .map(|(name, value)| (name.clone(), value.expose_secret().to_owned()))
                .collect::<Vec<_>>()
        };
        *servers == other.servers
            && *tls == other.tls
            && same_secret(token.as_ref(), other.token.as_ref())
            && *token_file == other.token_file
            && *auth == other.auth
            && *namespace == other.namespace
            && *partition == other.partition
            && *max_stale == other.max_stale
            && *block_query_wait == other.block_query_wait
            && *retry == other.retry
            && *transport == other.transport
            && exported(exports) == exported(&other.exports)
    }
}

impl PartialEq for BasicAuth {
    fn eq(&self, other: &Self) -> bool {
        let Self { username, password } = self;
        *username == other.username && same_secret(Some(password), Some(&other.password))
    }
}

fn same_secret(one: Option<&SecretString>, other: Option<&SecretString>) -> bool {
    one.map(ExposeSecret::expose_secret) == other.map(ExposeSecret::expose_secret)
}

impl ConsulConfig {
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

/// What happens when Consul does not answer.
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

/// User and password.
#[derive(Clone, Debug)]
pub struct BasicAuth {
    /// The user.
    pub username: String,
    /// The password, which may be empty.
    pub password: SecretString,
}
