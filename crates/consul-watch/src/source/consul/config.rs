//! The configuration of a client.

use std::path::PathBuf;

use http_client::{Authorities, TlsConfig, TransportConfig};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::setting_names::SettingNames;

/// The servers of a client, and how they are reached.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The servers or agents, in the order in which they are tried; at least one. The path of a URL is a prefix that
    /// does not end in a slash, unless it is only that; the path of `unix://` is that of the socket.
    pub servers: Vec<Url>,
    /// TLS, for the servers that are reached over it.
    pub tls: TlsConfig,
    /// The token sent with every request; `None`: the agent's own.
    pub token: Option<SecretString>,
    /// User and password for basic authentication; `None`: not used.
    pub auth: Option<BasicAuth>,
    /// The namespace of queries that name none; `None`: the server's choice.
    pub namespace: Option<String>,
    /// The admin partition of queries that name none; `None`: the server's choice.
    pub partition: Option<String>,
    /// The limits of connections.
    pub transport: TransportConfig,
    /// The name and the version of the program, for the header `User-Agent`.
    pub user_agent: String,
    /// The names of these settings in messages.
    pub names: SettingNames,
}

/// User and password.
#[derive(Clone, Debug)]
pub struct BasicAuth {
    /// The user.
    pub username: String,
    /// The password, which may be empty.
    pub password: SecretString,
}

impl PartialEq for ClientConfig {
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

impl ClientConfig {
    /// Creates the configuration of a client without credentials and with the default limits.
    #[must_use]
    pub fn new(servers: Vec<Url>) -> Self {
        Self {
            servers,
            tls: TlsConfig::DEFAULT,
            token: None,
            auth: None,
            namespace: None,
            partition: None,
            transport: TransportConfig::DEFAULT,
            user_agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
            names: SettingNames::FIELDS,
        }
    }

    /// All fields, with secrets as text, which can be compared.
    fn comparable(&self) -> impl PartialEq {
        let Self {
            servers,
            tls,
            token,
            auth,
            namespace,
            partition,
            transport,
            user_agent,
            names,
        } = self;
        (
            (servers, tls, token.as_ref().map(exposed), auth),
            (namespace, partition, transport),
            (user_agent, names),
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
