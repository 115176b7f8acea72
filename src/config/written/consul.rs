//! The block about Consul, as written.

use std::path::PathBuf;

use secrecy::SecretString;

use super::connection::{RetryBlock, TransportBlock};
use super::later;
use crate::config::error::{ConfigError, Said};
use crate::config::file::{At, Fields, FromNode, Node};

/// `consul { … }`
#[derive(Clone, Debug, Default)]
pub struct ConsulBlock {
    /// A comma separated list of servers.
    pub address: Option<Said<String>>,
    /// The token.
    pub token: Option<Said<SecretString>>,
    /// The file that holds the token; beats `token` of the same layer.
    pub token_file: Option<Said<PathBuf>>,
    /// `auth { … }`
    pub auth: AuthBlock,
    /// `retry { … }`
    pub retry: RetryBlock,
    /// `ssl { … }`
    pub ssl: SslBlock,
    /// `transport { … }`
    pub transport: TransportBlock,
    /// The namespace.
    pub namespace: Option<Said<String>>,
    /// The admin partition.
    pub partition: Option<Said<String>>,
}

/// `auth { … }`
#[derive(Clone, Debug, Default)]
pub struct AuthBlock {
    /// Whether it is used; not said: when there is a user or a password.
    pub enabled: Option<Said<bool>>,
    /// The user.
    pub username: Option<Said<String>>,
    /// The password.
    pub password: Option<Said<SecretString>>,
}

/// `ssl { … }`
#[derive(Clone, Debug, Default)]
pub struct SslBlock {
    /// Whether `http` means `https`; not said: when flags or files say anything else of this block.
    pub enabled: Option<Said<bool>>,
    /// Whether a server has to prove who it is.
    pub verify: Option<Said<bool>>,
    /// The file with the certificates of the authorities that are trusted; beats the next two of the same layer.
    pub ca_cert: Option<Said<PathBuf>>,
    /// The same, as text; beats the next of the same layer.
    pub ca_cert_bytes: Option<Said<String>>,
    /// The directory with the same.
    pub ca_path: Option<Said<PathBuf>>,
    /// The file with this host's certificate.
    pub cert: Option<Said<PathBuf>>,
    /// The file with its key; not said: the same file.
    pub key: Option<Said<PathBuf>>,
    /// The name that the certificates of the servers are for.
    pub server_name: Option<Said<String>>,
}

impl FromNode for ConsulBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        if let Some(address) = later::address_alone(node, at) {
            return Ok(Self {
                address: Some(address),
                ..Self::default()
            });
        }
        let mut fields = Fields::of(node, at)?;
        let block = Self {
            address: fields.key("address")?,
            token: fields.key("token")?,
            token_file: fields.key("token_file")?,
            auth: fields.block("auth")?,
            retry: fields.block("retry")?,
            ssl: fields.block("ssl")?,
            transport: fields.block("transport")?,
            namespace: fields.key("namespace")?,
            partition: fields.key("partition")?,
        };
        fields.done()?;
        Ok(block.without_blanks())
    }
}

impl FromNode for AuthBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let block = Self {
            enabled: fields.key("enabled")?,
            username: fields.key("username")?,
            password: fields.key("password")?,
        };
        fields.done()?;
        Ok(block)
    }
}

impl FromNode for SslBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let block = Self {
            enabled: fields.key("enabled")?,
            verify: fields.key("verify")?,
            ca_cert: fields.key("ca_cert")?,
            ca_cert_bytes: fields.key("ca_cert_bytes")?,
            ca_path: fields.key("ca_path")?,
            cert: fields.key("cert")?,
            key: fields.key("key")?,
            server_name: fields.key("server_name")?,
        };
        fields.done()?;
        Ok(block)
    }
}

impl ConsulBlock {
    /// As [`Written::over`](super::Written::over); but a layer that says where the token is says it alone, lest a
    /// token file of the environment beat the token of a flag.
    pub(super) fn over(self, lower: Self) -> Self {
        let Self {
            address,
            token,
            token_file,
            auth,
            retry,
            ssl,
            transport,
            namespace,
            partition,
        } = self;
        let (token, token_file) = match (token, token_file) {
            (None, None) => (lower.token, lower.token_file),
            said => said,
        };
        Self {
            address: address.or(lower.address),
            token,
            token_file,
            auth: auth.over(lower.auth),
            retry: retry.over(lower.retry),
            ssl: ssl.over(lower.ssl),
            transport: transport.over(lower.transport),
            namespace: namespace.or(lower.namespace),
            partition: partition.or(lower.partition),
        }
    }

    /// The empty text says nothing here, as in consul-template.
    fn without_blanks(self) -> Self {
        use secrecy::ExposeSecret as _;
        let said = |text: &Said<String>| !text.value.is_empty();
        Self {
            address: self.address.filter(said),
            token: self
                .token
                .filter(|token| !token.value.expose_secret().is_empty()),
            token_file: self
                .token_file
                .filter(|file| !file.value.as_os_str().is_empty()),
            namespace: self.namespace.filter(said),
            partition: self.partition.filter(said),
            ..self
        }
    }
}

impl SslBlock {
    /// As [`Written::over`](super::Written::over); but a layer that says whom to trust says it alone, and one that names
    /// a certificate says also where its key is.
    fn over(self, lower: Self) -> Self {
        let Self {
            enabled,
            verify,
            ca_cert,
            ca_cert_bytes,
            ca_path,
            cert,
            key,
            server_name,
        } = self;
        let (ca_cert, ca_cert_bytes, ca_path) = match (ca_cert, ca_cert_bytes, ca_path) {
            (None, None, None) => (lower.ca_cert, lower.ca_cert_bytes, lower.ca_path),
            said => said,
        };
        let (cert, key) = match (cert, key) {
            (None, key) => (lower.cert, key.or(lower.key)),
            said => said,
        };
        Self {
            enabled: enabled.or(lower.enabled),
            verify: verify.or(lower.verify),
            ca_cert,
            ca_cert_bytes,
            ca_path,
            cert,
            key,
            server_name: server_name.or(lower.server_name),
        }
    }
}

impl AuthBlock {
    fn over(self, lower: Self) -> Self {
        let Self {
            enabled,
            username,
            password,
        } = self;
        Self {
            enabled: enabled.or(lower.enabled),
            username: username.or(lower.username),
            password: password.or(lower.password),
        }
    }
}
