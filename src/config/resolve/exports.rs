//! The environment variables by which commands reach the same Consul.
//!
//! Input: the connection to Consul, and the environment that a command inherits. Output: the variables to set over it.

use std::path::Path;

use config_blocks::Environment;
use secrecy::{ExposeSecret, SecretString};

use crate::config::resolved::{Authorities, BasicAuth, Identity, TlsConfig};

/// The connection to Consul.
pub(super) struct Known<'a> {
    /// The first server as written; `None`: the default.
    pub(super) address: Option<&'a str>,
    /// The first server is reached over TLS.
    pub(super) over_tls: bool,
    pub(super) tls: &'a TlsConfig,
    pub(super) token: Option<&'a SecretString>,
    /// The file the token came from.
    pub(super) token_file: Option<&'a Path>,
    pub(super) auth: Option<&'a BasicAuth>,
    pub(super) namespace: Option<&'a str>,
    pub(super) partition: Option<&'a str>,
}

impl<'a> Known<'a> {
    /// An address alone.
    pub(super) fn address(address: &'a str) -> Self {
        Self {
            address: Some(address),
            over_tls: false,
            tls: &TlsConfig::DEFAULT,
            token: None,
            token_file: None,
            auth: None,
            namespace: None,
            partition: None,
        }
    }
}

/// The variables that consul-template sets, and the others that Consul's client reads. Variables about TLS that are
/// right already stay as they are; variables that Consul's client would prefer to the ones in use are emptied. A token
/// from a file can change, so the file is named instead.
pub(super) fn exports(known: &Known<'_>, environment: &Environment) -> Vec<(String, SecretString)> {
    let mut exports = Vec::new();
    let mut set = |name: &str, value: SecretString| exports.push((name.to_owned(), value));
    if let Some(address) = known.address {
        set("CONSUL_HTTP_ADDR", address.into());
    }
    if let Some(BasicAuth { username, password }) = known.auth {
        set(
            "CONSUL_HTTP_AUTH",
            format!("{username}:{}", password.expose_secret()).into(),
        );
    }
    match (known.token_file, known.token) {
        (Some(path), _) => set("CONSUL_HTTP_TOKEN_FILE", shown(path)),
        (None, Some(token)) => {
            set("CONSUL_HTTP_TOKEN", token.clone());
            if environment.has("CONSUL_HTTP_TOKEN_FILE") {
                set("CONSUL_HTTP_TOKEN_FILE", SecretString::default());
            }
        }
        (None, None) => {}
    }
    for (name, value) in [
        ("CONSUL_HTTP_SSL", known.over_tls),
        ("CONSUL_HTTP_SSL_VERIFY", known.tls.verify),
    ] {
        if !environment.says(name, value) {
            set(name, value.to_string().into());
        }
    }
    let TlsConfig {
        verify: _,
        authorities,
        identity,
        server_name,
    } = known.tls;
    match authorities {
        Authorities::File(path) => set("CONSUL_CACERT", shown(path)),
        Authorities::Directory(path) => {
            set("CONSUL_CAPATH", shown(path));
            if environment.has("CONSUL_CACERT") {
                set("CONSUL_CACERT", SecretString::default());
            }
        }
        // Consul has no variable for it.
        Authorities::Text(_) | Authorities::System => {}
    }
    if let Some(Identity { certificate, key }) = identity {
        set("CONSUL_CLIENT_CERT", shown(certificate));
        set("CONSUL_CLIENT_KEY", shown(key));
    }
    let names = [
        ("CONSUL_TLS_SERVER_NAME", server_name.as_deref()),
        ("CONSUL_NAMESPACE", known.namespace),
        ("CONSUL_PARTITION", known.partition),
    ];
    for (name, value) in names {
        if let Some(value) = value {
            set(name, value.into());
        }
    }
    exports
}

fn shown(path: &Path) -> SecretString {
    path.display().to_string().into()
}
