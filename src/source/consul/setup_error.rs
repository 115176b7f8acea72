//! Why the client for Consul cannot be created.

use http_client::TlsError;

/// Why the client for Consul cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A header cannot be sent.
    #[error("the Consul token has a character that cannot be sent in an HTTP header")]
    Token,
    /// A header cannot be sent.
    #[error("user and password cannot be sent in an HTTP header")]
    Auth,
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(TlsError),
    /// No authority is known.
    #[error(
        "this system has no certificates of authorities; name the file with that of Consul's authority: \
         --consul-ssl-ca-cert"
    )]
    NoAuthorities,
    /// The server name cannot be in a certificate.
    #[error("no certificate can be for {0:?}; --consul-ssl-server-name takes the name of a host")]
    ServerName(String),
}

impl From<TlsError> for ClientError {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::NoneOfTheSystem => Self::NoAuthorities,
            TlsError::ServerName(name) => Self::ServerName(name),
            error => Self::Tls(error),
        }
    }
}
