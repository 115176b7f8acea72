//! The connection to Consul, as written.

use std::path::PathBuf;
use std::time::Duration;

use config_blocks::{Block, Error, Input, Position, Setting, quoted};
use secrecy::SecretString;

use crate::config::error::ValueError;

/// `consul { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(heading = "Consul", text = ConsulBlock::from_address)]
pub(crate) struct ConsulBlock {
    /// Servers or agents, separated by commas, tried in order: `HOST:PORT`, `http://…[/PREFIX]`, `https://…` or
    /// `unix:///SOCKET`
    #[key(
        default = "\"127.0.0.1:8500\"",
        flag = "--consul-addr",
        value_name = "ADDR[,ADDR…]"
    )]
    #[key(env = "CONSUL_HTTP_ADDR", empty_unsets, show = without_password)]
    pub(crate) address: Setting<String>,
    /// ACL token; prefer a file or the environment, where `ps` does not show it
    #[key(
        flag = "--consul-token",
        value_name = "TOKEN",
        env = "CONSUL_TOKEN, CONSUL_HTTP_TOKEN"
    )]
    #[key(empty_unsets, decided_by = "token_file")]
    pub(crate) token: Setting<SecretString>,
    /// File with the ACL token, watched for changes; it overrides `token`
    #[key(
        flag = "--consul-token-file",
        env = "CONSUL_TOKEN_FILE, CONSUL_HTTP_TOKEN_FILE"
    )]
    #[key(empty_unsets, decided_by = "token")]
    pub(crate) token_file: Setting<PathBuf>,
    /// Namespace of queries that name none
    #[key(
        flag = "--consul-namespace",
        value_name = "NAME",
        env = "CONSUL_NAMESPACE",
        empty_unsets
    )]
    pub(crate) namespace: Setting<String>,
    /// Admin partition of queries that name none
    #[key(
        flag = "--consul-partition",
        value_name = "NAME",
        env = "CONSUL_PARTITION",
        empty_unsets
    )]
    pub(crate) partition: Setting<String>,
    /// User and password for HTTP basic authentication
    #[key(
        flag = "--consul-auth",
        value_name = "USER[:PASSWORD]",
        env = "CONSUL_HTTP_AUTH"
    )]
    #[key(parse = AuthBlock::from_input)]
    pub(crate) auth: AuthBlock,
    /// Retries when Consul does not answer
    #[key(always_shown)]
    pub(crate) retry: RetryBlock,
    /// TLS: trusted authorities, and the certificate of this host
    #[key(always_shown)]
    pub(crate) ssl: SslBlock,
    /// Limits of the connections to Consul
    #[key(always_shown)]
    pub(crate) transport: TransportBlock,
    /// Maximum number of connections to one server; more queries than that share them. Consul accepts 200 from one address
    #[key(default = "64", flag = "--consul-max-connections")]
    pub(crate) max_connections: Setting<u32>,
    /// Interval at which every answer is read again, although nothing has announced a change; `0`: never
    #[key(default = "\"10m\"")]
    pub(crate) full_read_interval: Setting<Duration>,
}

/// `auth { … }`
#[derive(Block, Clone, Debug, Default)]
pub(crate) struct AuthBlock {
    /// Turn basic authentication on or off
    #[key(default = "`true` with a name or a password")]
    pub(crate) enabled: Setting<bool>,
    /// User name
    pub(crate) username: Setting<String>,
    /// Password
    pub(crate) password: Setting<SecretString>,
}

/// `retry { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(heading = "When Consul does not answer")]
pub(crate) struct RetryBlock {
    /// With `once`: retry failed requests; the daemon always does
    #[key(default = "true", flag = "--consul-retry")]
    pub(crate) enabled: Setting<bool>,
    /// With `once`: number of retries before giving up; `0`: until the timeout. The daemon has no limit
    #[key(default = "0", flag = "--consul-retry-attempts")]
    pub(crate) attempts: Setting<i32>,
    /// Pause before the first retry; it doubles with each retry
    #[key(
        default = "\"250ms\"",
        flag = "--consul-retry-backoff",
        flag_alias = "retry"
    )]
    pub(crate) backoff: Setting<Duration>,
    /// Maximum pause; `0`: no limit. To notice the recovery, one request is sent every second, or at the first pause if
    /// that is longer
    #[key(default = "\"1m\"", flag = "--consul-retry-max-backoff")]
    pub(crate) max_backoff: Setting<Duration>,
}

/// `ssl { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(heading = "Consul over TLS")]
pub(crate) struct SslBlock {
    /// Use TLS even if the address says `http`; every other key of this block turns it on too
    #[key(
        default = "`true` with any key of the block",
        flag = "--consul-ssl",
        env = "CONSUL_HTTP_SSL"
    )]
    #[key(help_default = "true with any flag below")]
    pub(crate) enabled: Setting<bool>,
    /// Verify the certificate of the server
    #[key(
        default = "true",
        hide_default,
        flag = "--consul-ssl-verify",
        env = "CONSUL_HTTP_SSL_VERIFY"
    )]
    pub(crate) verify: Setting<bool>,
    /// CA bundle: file with the certificates of the trusted authorities
    #[key(
        default = "the system's store",
        flag = "--consul-ssl-ca-cert",
        env = "CONSUL_CACERT"
    )]
    #[key(empty_unsets, decided_by = "ca_cert_bytes, ca_path")]
    pub(crate) ca_cert: Setting<PathBuf>,
    /// CA bundle, as text
    #[key(empty_unsets, decided_by = "ca_cert, ca_path")]
    pub(crate) ca_cert_bytes: Setting<String>,
    /// Directory with the certificates of the trusted authorities
    #[key(
        flag = "--consul-ssl-ca-path",
        value_name = "DIR",
        env = "CONSUL_CAPATH"
    )]
    #[key(empty_unsets, decided_by = "ca_cert, ca_cert_bytes")]
    pub(crate) ca_path: Setting<PathBuf>,
    /// File with the client certificate
    #[key(flag = "--consul-ssl-cert", env = "CONSUL_CLIENT_CERT", empty_unsets)]
    pub(crate) cert: Setting<PathBuf>,
    /// File with the private key of the client certificate
    #[key(
        default = "the file of `cert`",
        flag = "--consul-ssl-key",
        env = "CONSUL_CLIENT_KEY"
    )]
    #[key(
        empty_unsets,
        decided_by = "cert",
        help_default = "the file of the certificate"
    )]
    pub(crate) key: Setting<PathBuf>,
    /// Server name that the certificate must have
    #[key(
        default = "the host of the address",
        flag = "--consul-ssl-server-name",
        value_name = "NAME"
    )]
    #[key(env = "CONSUL_TLS_SERVER_NAME", empty_unsets)]
    pub(crate) server_name: Setting<String>,
}

/// `transport { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(heading = "Connections to Consul")]
pub(crate) struct TransportBlock {
    /// Timeout for connecting; `0`: that of the answer
    #[key(default = "\"30s\"", flag = "--consul-transport-dial-timeout")]
    pub(crate) dial_timeout: Setting<Duration>,
    /// Additional timeout for the TLS handshake; `0`: that of the answer
    #[key(default = "\"10s\"", flag = "--consul-transport-tls-handshake-timeout")]
    pub(crate) tls_handshake_timeout: Setting<Duration>,
    /// Idle time before TCP keep-alive probes are sent: three, a sixth of it apart
    #[key(default = "\"30s\"", flag = "--consul-transport-dial-keep-alive")]
    pub(crate) dial_keep_alive: Setting<Duration>,
    /// Send each query on a connection of its own, over HTTP/2 too
    #[key(default = "false", flag = "--consul-transport-disable-keep-alives")]
    pub(crate) disable_keep_alives: Setting<bool>,
    /// Time for which an idle connection is kept; `0`: no limit
    #[key(default = "\"5s\"")]
    pub(crate) idle_conn_timeout: Setting<Duration>,
    /// Maximum number of idle connections; `0`: no limit
    #[key(default = "0")]
    pub(crate) max_idle_conns: Setting<u32>,
    /// Maximum number of idle connections to one server; `0`: no limit. Over TLS the lower of the two limits is for each
    /// server
    #[key(default = "100", flag = "--consul-transport-max-idle-conns-per-host")]
    pub(crate) max_idle_conns_per_host: Setting<u32>,
    /// Maximum number of connections to one server, if lower than `max_connections`; `0`: no limit of its own
    #[key(default = "0")]
    pub(crate) max_conns_per_host: Setting<u32>,
}

impl ConsulBlock {
    /// `consul = "ADDRESS"`, the old spelling.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "the text of a block may be invalid"
    )]
    fn from_address(address: &str, position: Position<'_>) -> Result<Self, Error> {
        position.note_unsupported();
        Ok(Self {
            address: Some(position.origin().locate(address.to_owned())),
            ..Self::default()
        })
    }
}

impl AuthBlock {
    /// `user:password`, or `user`, which leaves the password to a lower layer.
    fn from_input(input: &Input) -> Result<Self, Error> {
        let origin = &input.origin;
        let text = input.last().map_err(|error| origin.refuse(error))?;
        if text.is_empty() {
            return Err(origin.refuse(ValueError::NoUser));
        }
        let (username, password) = match text.split_once(':') {
            Some((username, password)) => (username, Some(password)),
            None => (text, None),
        };
        Ok(Self {
            enabled: Some(origin.locate(true)),
            username: Some(origin.locate(username.to_owned())),
            password: password.map(|password| origin.locate(password.into())),
        })
    }
}

/// Addresses without user and password, as HCL.
fn without_password(addresses: &str) -> String {
    let hidden = addresses
        .split(',')
        .map(|address| match address.rsplit_once('@') {
            Some((before, host)) => format!(
                "{}***@{host}",
                before.find("://").map_or("", |at| &before[..at + 3])
            ),
            None => address.to_owned(),
        });
    quoted(&hidden.collect::<Vec<_>>().join(","))
}
