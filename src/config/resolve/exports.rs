//! The environment variables by which commands reach the same Consul.
//!
//! Input: the connection to Consul, and the environment that a command inherits. Output: the variables to set over it.

use std::path::Path;

use config_blocks::Environment;
use secrecy::{ExposeSecret, SecretString};

use crate::config::resolved::{Authorities, BasicAuth, ConsulConfig, Identity, TlsConfig};

/// The variables for the embedded server.
pub(super) fn embedded(address: &str) -> Vec<(String, SecretString)> {
    [
        ("CONSUL_HTTP_ADDR", address),
        ("CONSUL_HTTP_SSL", "false"),
        ("CONSUL_HTTP_SSL_VERIFY", "true"),
    ]
    .map(|(name, value)| (name.to_owned(), value.into()))
    .into()
}

/// The variables that consul-template sets, and the others that Consul's client reads. Variables about TLS that are
/// right already stay as they are; variables that Consul's client would prefer to the ones in use are emptied. A token
/// from a file can change, so the file is named instead.
///
/// `address` is the first server as written; `None`: the default.
pub(super) fn exports(
    address: Option<&str>,
    config: &ConsulConfig,
    environment: &Environment,
) -> Vec<(String, SecretString)> {
    let mut exports = Vec::new();
    let mut set = |name: &str, value: SecretString| exports.push((name.to_owned(), value));
    if let Some(address) = address {
        set("CONSUL_HTTP_ADDR", address.into());
    }
    if let Some(BasicAuth { username, password }) = &config.auth {
        set(
            "CONSUL_HTTP_AUTH",
            format!("{username}:{}", password.expose_secret()).into(),
        );
    }
    match (&config.token_file, &config.token) {
        (Some(path), _) => set("CONSUL_HTTP_TOKEN_FILE", shown(path)),
        (None, Some(token)) => {
            set("CONSUL_HTTP_TOKEN", token.clone());
            if environment.has("CONSUL_HTTP_TOKEN_FILE") {
                set("CONSUL_HTTP_TOKEN_FILE", SecretString::default());
            }
        }
        (None, None) => {}
    }
    let over_tls = config
        .servers
        .first()
        .is_some_and(|server| server.scheme() == "https");
    for (name, value) in [
        ("CONSUL_HTTP_SSL", over_tls),
        ("CONSUL_HTTP_SSL_VERIFY", config.tls.verify),
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
    } = &config.tls;
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
        ("CONSUL_NAMESPACE", config.namespace.as_deref()),
        ("CONSUL_PARTITION", config.partition.as_deref()),
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
