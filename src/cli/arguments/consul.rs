//! Flags about Consul: where it is, how it is reached, and what happens when it does not answer.

#![expect(
    clippy::doc_markdown,
    reason = "the documentation of a flag is its help, shown as plain text"
)]

use std::path::PathBuf;

use clap::Args;
use clap::builder::ValueHint;
use secrecy::SecretString;

use super::path;

/// Flags about Consul.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Consul")]
pub struct ConsulArguments {
    /// Servers or agents, tried in order: HOST:PORT, http://…[/PREFIX], https://… or unix:///SOCKET
    /// [env: CONSUL_HTTP_ADDR] [default: 127.0.0.1:8500]
    #[arg(long, value_name = "ADDR[,ADDR…]")]
    pub consul_addr: Option<String>,
    /// The ACL token; better given in a file or in the environment, where `ps` does not show it
    /// [env: CONSUL_TOKEN, CONSUL_HTTP_TOKEN]
    #[arg(long, value_name = "TOKEN")]
    pub consul_token: Option<SecretString>,
    /// The file with the ACL token; it is watched, so that the token can be changed
    /// [env: CONSUL_TOKEN_FILE, CONSUL_HTTP_TOKEN_FILE]
    #[arg(long, value_name = "PATH", value_parser = path())]
    #[arg(value_hint = ValueHint::FilePath)]
    pub consul_token_file: Option<PathBuf>,
    /// User and password for HTTP basic authentication [env: CONSUL_HTTP_AUTH]
    #[arg(long, value_name = "USER[:PASSWORD]")]
    pub consul_auth: Option<SecretString>,
    /// The namespace of what a template asks without one [env: CONSUL_NAMESPACE]
    #[arg(long, value_name = "NAME")]
    pub consul_namespace: Option<String>,
    /// The admin partition of what a template asks without one [env: CONSUL_PARTITION]
    #[arg(long, value_name = "NAME")]
    pub consul_partition: Option<String>,
    /// Flags about TLS.
    #[command(flatten)]
    pub ssl: SslArguments,
    /// Flags about connections.
    #[command(flatten)]
    pub transport: TransportArguments,
}

/// Flags about TLS.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Consul over TLS")]
pub struct SslArguments {
    /// Use TLS also where the address says http; any flag below does so too [env: CONSUL_HTTP_SSL]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, hide_possible_values = true)]
    pub consul_ssl: Option<bool>,
    /// Whether a server has to prove who it is [env: CONSUL_HTTP_SSL_VERIFY] [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, hide_possible_values = true)]
    pub consul_ssl_verify: Option<bool>,
    /// The file with the certificates of the authorities that are trusted
    /// [env: CONSUL_CACERT] [default: those of the system]
    #[arg(long, value_name = "PATH", value_parser = path())]
    #[arg(value_hint = ValueHint::FilePath)]
    pub consul_ssl_ca_cert: Option<PathBuf>,
    /// The directory with such files [env: CONSUL_CAPATH]
    #[arg(long, value_name = "PATH", value_parser = path())]
    #[arg(value_hint = ValueHint::DirPath)]
    pub consul_ssl_ca_path: Option<PathBuf>,
    /// The file with this host's certificate [env: CONSUL_CLIENT_CERT]
    #[arg(long, value_name = "PATH", value_parser = path())]
    #[arg(value_hint = ValueHint::FilePath)]
    pub consul_ssl_cert: Option<PathBuf>,
    /// The file with its key, if it is another [env: CONSUL_CLIENT_KEY]
    #[arg(long, value_name = "PATH", value_parser = path())]
    #[arg(value_hint = ValueHint::FilePath)]
    pub consul_ssl_key: Option<PathBuf>,
    /// The name that the servers' certificates are for [env: CONSUL_TLS_SERVER_NAME] [default: the host]
    #[arg(long, value_name = "NAME")]
    pub consul_ssl_server_name: Option<String>,
}

/// Flags about connections.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Connections to Consul")]
pub struct TransportArguments {
    /// How long connecting may take [default: 10s]
    #[arg(long, value_name = "DURATION")]
    pub consul_transport_dial_timeout: Option<String>,
    /// How much longer it may take over TLS; 0: no longer [default: 0]
    #[arg(long, value_name = "DURATION")]
    pub consul_transport_tls_handshake_timeout: Option<String>,
    /// Try a connection that has been silent for this long [default: 10s]
    #[arg(long, value_name = "DURATION")]
    pub consul_transport_dial_keep_alive: Option<String>,
    /// Ask each question on a connection of its own
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, hide_possible_values = true)]
    pub consul_transport_disable_keep_alives: Option<bool>,
    /// How many connections to one server are kept for later questions [default: 100]
    #[arg(long, value_name = "COUNT")]
    pub consul_transport_max_idle_conns_per_host: Option<String>,
}

/// Flags about asking again.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "When Consul does not answer")]
pub struct RetryArguments {
    /// With --once: whether to ask again; the daemon always does [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, hide_possible_values = true)]
    pub consul_retry: Option<bool>,
    /// With --once: how often to ask again before giving up; 0: until --timeout. The daemon asks for ever [default: 0]
    #[arg(long, value_name = "COUNT")]
    pub consul_retry_attempts: Option<String>,
    /// How long to wait before asking again for the first time; each time it doubles [default: 250ms]
    #[arg(long, visible_alias = "retry", value_name = "DURATION")]
    pub consul_retry_backoff: Option<String>,
    /// How long to wait at most; 0: no limit. So that a recovery is seen, one question is asked every second all the
    /// same, or as often as the first wait says if that is longer [default: 1m]
    #[arg(long, value_name = "DURATION")]
    pub consul_retry_max_backoff: Option<String>,
}
