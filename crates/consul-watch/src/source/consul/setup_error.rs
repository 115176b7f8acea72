//! The error of creating a client for Consul.

use http_client::TlsError;

/// The reason for which no client for Consul can be created.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The token is not a valid header value.
    #[error("the Consul token has a character that cannot be sent in an HTTP header")]
    Token,
    /// User and password are not a valid header value.
    #[error("user and password cannot be sent in an HTTP header")]
    Auth,
    /// The name of the program is not a valid header value.
    #[error("the name of the program cannot be sent in an HTTP header")]
    UserAgent,
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(TlsError),
    /// The system has no trusted certificate authorities.
    #[error(
        "this system has no certificates of authorities; name the file with that of Consul's authority: \
         --consul-ssl-ca-cert"
    )]
    NoAuthorities,
    /// The server name is not a valid host name.
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
