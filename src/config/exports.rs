//! What commands find in their environment, so that they talk to the same Consul.
//!
//! in:  what was said about Consul, and the environment that a command inherits anyway
//! out: the variables to set over it

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::environment::Environment;
use super::resolved::BasicAuth;

/// What is known about Consul when a command is run.
pub(super) struct Known<'a> {
    /// The first server as written; `None` when nobody said one.
    pub(super) address: Option<&'a str>,
    /// Whether the first server is reached over TLS.
    pub(super) tls: bool,
    pub(super) token: Option<&'a SecretString>,
    /// The file the token came from.
    pub(super) token_file: Option<&'a Path>,
    pub(super) auth: Option<&'a BasicAuth>,
}

/// The variables, as consul-template sets them; but what the operator's environment says about TLS stays as it is, and
/// a token file that is not the one in use is taken out, for Consul's client would prefer it.
pub(super) fn exports(known: &Known<'_>, environment: &Environment) -> Vec<(String, SecretString)> {
    let mut exports = Vec::new();
    let mut set = |name: &str, value: SecretString| exports.push((name.to_owned(), value));
    if let Some(address) = known.address {
        set("CONSUL_HTTP_ADDR", address.into());
    }
    if let Some(BasicAuth { username, password }) = known.auth {
        set("CONSUL_HTTP_AUTH", format!("{username}:{}", password.expose_secret()).into());
    }
    if let Some(token) = known.token {
        set("CONSUL_HTTP_TOKEN", token.clone());
        if known.token_file.is_none() && environment.has("CONSUL_HTTP_TOKEN_FILE") {
            set("CONSUL_HTTP_TOKEN_FILE", SecretString::default());
        }
    }
    if let Some(path) = known.token_file {
        set("CONSUL_HTTP_TOKEN_FILE", path.display().to_string().into());
    }
    for (name, value) in [("CONSUL_HTTP_SSL", known.tls), ("CONSUL_HTTP_SSL_VERIFY", true)] {
        if !environment.has(name) {
            set(name, value.to_string().into());
        }
    }
    exports
}
