//! The settings of connections.

use std::path::PathBuf;
use std::time::Duration;

/// The timeouts of connections and the limits of idle ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportConfig {
    /// The time limit for connecting; `None`: that of the answer.
    pub connect_limit: Option<Duration>,
    /// The time limit for the TLS handshake that follows; `None`: that of the answer.
    pub handshake_limit: Option<Duration>,
    /// The idle time after which TCP probes a connection.
    pub keep_alive: Duration,
    /// `true` to use a connection for more than one request.
    pub reuse: bool,
    /// The time after which an idle connection is closed; `None`: never.
    pub idle_limit: Option<Duration>,
    /// The maximum number of idle connections.
    pub most_idle: usize,
    /// The maximum number of idle connections to one server.
    pub most_idle_of_one: usize,
}

impl TransportConfig {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        connect_limit: Some(Duration::from_secs(30)),
        handshake_limit: Some(Duration::from_secs(10)),
        keep_alive: Duration::from_secs(30),
        reuse: true,
        idle_limit: Some(Duration::from_secs(5)),
        most_idle: usize::MAX,
        most_idle_of_one: 100,
    };
}

/// The TLS settings: the trusted authorities and the client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// `true` to verify the certificates of servers.
    pub verify: bool,
    /// The authorities that may sign the certificates of servers.
    pub authorities: Authorities,
    /// The client certificate; `None` to present none.
    pub identity: Option<Identity>,
    /// The expected name in a server's certificate; `None`: the host of the address.
    pub server_name: Option<String>,
}

impl TlsConfig {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        verify: true,
        authorities: Authorities::System,
        identity: None,
        server_name: None,
    };
}

/// Trusted certificate authorities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorities {
    /// The system's certificate store.
    System,
    /// The certificates in a file.
    File(PathBuf),
    /// The certificates in the files of a directory.
    Directory(PathBuf),
    /// The certificates in a text.
    Text(String),
}

/// The files of a client certificate and its key; both may be the same file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, followed by intermediate certificates.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}
