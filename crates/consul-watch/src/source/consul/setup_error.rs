//! The error of creating a client for Consul.

use http_client::TlsError;

use super::setting_names::SettingNames;

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
    /// The system has no trusted certificate authorities; the name of the setting for a file with them.
    #[error(
        "this system has no certificates of authorities; name the file with that of Consul's authority: {0}"
    )]
    NoAuthorities(&'static str),
    /// The server name is not a valid host name.
    #[error("no certificate can be for {name:?}; {setting} takes the name of a host")]
    ServerName {
        /// The configured name.
        name: String,
        /// The name of the setting.
        setting: &'static str,
    },
}

impl ClientError {
    /// The error for TLS that cannot be set up.
    pub(super) fn of_tls(error: TlsError, names: &SettingNames) -> Self {
        match error {
            TlsError::NoneOfTheSystem => Self::NoAuthorities(names.authorities),
            TlsError::ServerName(name) => Self::ServerName {
                name,
                setting: names.server_name,
            },
            error => Self::Tls(error),
        }
    }
}
