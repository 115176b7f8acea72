//! The environment variables by which commands reach the same Consul.
//!
//! Input: the connection to Consul, and the environment that a command inherits. Output: the variables to set over it.

use std::path::Path;

use config_blocks::Environment;
use secrecy::{ExposeSecret, SecretString};

use crate::config::resolved::ConsulConfig;
use consul_watch::source::consul::BasicAuth;
use http_client::{Authorities, Identity};

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
    let mut exports = Exports {
        environment,
        all: Vec::new(),
    };
    exports.set_text("CONSUL_HTTP_ADDR", address);
    exports.access(config);
    exports.tls(config);
    exports.set_text("CONSUL_NAMESPACE", config.client.namespace.as_deref());
    exports.set_text("CONSUL_PARTITION", config.client.partition.as_deref());
    exports.all
}

struct Exports<'a> {
    environment: &'a Environment,
    all: Vec<(String, SecretString)>,
}

impl Exports<'_> {
    fn set(&mut self, name: &str, value: SecretString) {
        self.all.push((name.to_owned(), value));
    }

    fn set_text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.set(name, value.into());
        }
    }

    fn set_path(&mut self, name: &str, path: &Path) {
        self.set(name, path.display().to_string().into());
    }

    /// Empties a variable, if it is set.
    fn empty(&mut self, name: &str) {
        if self.environment.has(name) {
            self.set(name, SecretString::default());
        }
    }

    fn access(&mut self, config: &ConsulConfig) {
        if let Some(BasicAuth { username, password }) = &config.client.auth {
            let both = format!("{username}:{}", password.expose_secret());
            self.set("CONSUL_HTTP_AUTH", both.into());
        }
        match (&config.token_file, &config.client.token) {
            (Some(path), _) => self.set_path("CONSUL_HTTP_TOKEN_FILE", path),
            (None, Some(token)) => {
                self.set("CONSUL_HTTP_TOKEN", token.clone());
                self.empty("CONSUL_HTTP_TOKEN_FILE");
            }
            (None, None) => {}
        }
    }

    fn tls(&mut self, config: &ConsulConfig) {
        let first = config.client.servers.first();
        let over_tls = first.is_some_and(|server| server.scheme() == "https");
        for (name, value) in [
            ("CONSUL_HTTP_SSL", over_tls),
            ("CONSUL_HTTP_SSL_VERIFY", config.client.tls.verify),
        ] {
            if !self.environment.says(name, value) {
                self.set(name, value.to_string().into());
            }
        }
        match &config.client.tls.authorities {
            Authorities::File(path) => self.set_path("CONSUL_CACERT", path),
            Authorities::Directory(path) => {
                self.set_path("CONSUL_CAPATH", path);
                self.empty("CONSUL_CACERT");
            }
            // Consul has no variable for it.
            Authorities::Text(_) | Authorities::System => {}
        }
        if let Some(Identity { certificate, key }) = &config.client.tls.identity {
            self.set_path("CONSUL_CLIENT_CERT", certificate);
            self.set_path("CONSUL_CLIENT_KEY", key);
        }
        self.set_text(
            "CONSUL_TLS_SERVER_NAME",
            config.client.tls.server_name.as_deref(),
        );
    }
}
