//! Resolves the connection to Consul.
//!
//! Input: a [`ConsulBlock`]. Output: a [`ConsulConfig`]. The token file is read; the files for TLS are read by the client.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use config_blocks::{Environment, Located, Origin, filled, value};
use consul_watch::source::consul::{BasicAuth, ClientConfig, SettingNames};
use secrecy::{ExposeSecret, SecretString};

use super::exports::exports;
use super::{connection, tls};
use crate::config::address;
use crate::config::error::{ConfigError, ValueError};
use crate::config::layer::{AuthBlock, ConsulBlock};
use crate::config::resolved::ConsulConfig;
use crate::config::token::{self, TokenError};

const ADDRESS: &str = "127.0.0.1:8500";
const USER_AGENT: &str = concat!("ctmpl/", env!("CARGO_PKG_VERSION"));
/// What the messages of the client call its settings.
const NAMES: SettingNames = SettingNames {
    program: "ctmpl",
    address: &["--consul-addr", "consul.address", "CONSUL_HTTP_ADDR"],
    tls: Some("--consul-ssl"),
    unverified: "--consul-ssl-verify=false",
    authorities: "--consul-ssl-ca-cert",
    server_name: "--consul-ssl-server-name",
    certificate: "--consul-ssl-cert",
    key: "--consul-ssl-key",
};
/// The default of `max_stale`.
pub(super) const MAX_STALE: Duration = Duration::from_secs(2);
/// The default of `block_query_wait`.
pub(super) const BLOCK_QUERY_WAIT: Duration = Duration::from_secs(60);

/// Resolves the connection to Consul; the keys outside of the block have their defaults.
pub(in crate::config) fn resolve(
    block: ConsulBlock,
    environment: &Environment,
) -> Result<ConsulConfig, ConfigError> {
    let ConsulBlock {
        address,
        token,
        token_file,
        auth,
        retry,
        ssl,
        transport,
        namespace,
        partition,
        max_connections,
        full_read_interval,
    } = block;
    let per_host = transport.max_conns_per_host.clone();
    let (wants_tls, tls) = tls::resolve(ssl);
    let (list, origin) = match &address {
        Some(set) => (set.value.as_str(), &set.origin),
        None => (ADDRESS, &Origin::Default),
    };
    let servers = address::servers(list, wants_tls).map_err(|error| origin.refuse(error))?;
    let token_file = filled(token_file);
    let token = match &token_file {
        Some(file) => Some(read_token(file)?),
        None => token.map(sendable).transpose()?,
    };
    let mut config = ConsulConfig {
        client: ClientConfig {
            servers,
            tls,
            token,
            auth: basic_auth(auth),
            namespace: value(namespace),
            partition: value(partition),
            transport: connection::transport(transport),
            user_agent: USER_AGENT.to_owned(),
            names: NAMES,
        },
        token_file: value(token_file),
        max_stale: Some(MAX_STALE),
        block_query_wait: BLOCK_QUERY_WAIT,
        retry: connection::retry(retry),
        load: connection::load(max_connections, per_host, full_read_interval),
        exports: Vec::new(),
    };
    let address = address.as_ref();
    let first = address.and_then(|set| address::items(&set.value).next());
    config.exports = exports(first, &config, environment);
    Ok(config)
}

/// Warnings about a block that resolves to something that cannot be meant.
pub(super) fn warnings(block: &ConsulBlock) -> Vec<String> {
    let mut warnings = Vec::from_iter(tls::key_warning(&block.ssl));
    if let Some(Located { value, origin }) = &block.address {
        warnings.extend(address::with_api_path(value).map(|(written, meant)| {
            format!("{origin}: {written} ends in /v1, which ctmpl adds itself; write {meant}")
        }));
    }
    warnings
}

fn read_token(file: &Located<PathBuf>) -> Result<SecretString, ConfigError> {
    let Located {
        value: path,
        origin,
    } = file;
    let read = fs::read(path)
        .map_err(TokenError::from)
        .and_then(|content| token::read(&content));
    read.map_err(|source| ConfigError::TokenFile {
        origin: origin.clone(),
        path: path.clone(),
        source,
    })
}

/// A token that a header can carry.
fn sendable(set: Located<SecretString>) -> Result<SecretString, ConfigError> {
    if token::is_sendable(set.value.expose_secret()) {
        Ok(set.value)
    } else {
        Err(set.origin.refuse(ValueError::Token).into())
    }
}

/// As in consul-template, a user or a password turns authentication on.
fn basic_auth(block: AuthBlock) -> Option<BasicAuth> {
    let AuthBlock {
        enabled,
        username,
        password,
    } = block;
    let (username, password) = (
        value(username).unwrap_or_default(),
        value(password).unwrap_or_default(),
    );
    let set = !username.is_empty() || !password.expose_secret().is_empty();
    (value(enabled).unwrap_or(true) && set).then_some(BasicAuth { username, password })
}
