//! The blocks about asking again and about connections, as written.

use crate::config::duration::GoDuration;
use crate::config::error::{ConfigError, Said};
use crate::config::file::{At, Fields, FromNode, Node};

/// `retry { … }`
#[derive(Clone, Debug, Default)]
pub struct RetryBlock {
    /// Whether what is not answered is asked again.
    pub enabled: Option<Said<bool>>,
    /// How often; 0: for ever.
    pub attempts: Option<Said<u32>>,
    /// The first pause.
    pub backoff: Option<Said<GoDuration>>,
    /// The longest pause; 0: no limit.
    pub max_backoff: Option<Said<GoDuration>>,
}

/// `transport { … }`
#[derive(Clone, Debug, Default)]
pub struct TransportBlock {
    /// How long a connection may be silent before it is tried; 0: the default.
    pub dial_keep_alive: Option<Said<GoDuration>>,
    /// How long connecting may take; 0: no limit.
    pub dial_timeout: Option<Said<GoDuration>>,
    /// Whether each question has a connection of its own.
    pub disable_keep_alives: Option<Said<bool>>,
    /// How long a connection is kept that nobody uses; 0: no limit.
    pub idle_conn_timeout: Option<Said<GoDuration>>,
    /// How many of these are kept; 0: no limit.
    pub max_idle_conns: Option<Said<u32>>,
    /// How many of these to one server; 0: no limit.
    pub max_idle_conns_per_host: Option<Said<u32>>,
    /// How many connections to one server there may be; 0: no limit.
    pub max_conns_per_host: Option<Said<u32>>,
    /// How much longer connecting may take over TLS; 0: no limit.
    pub tls_handshake_timeout: Option<Said<GoDuration>>,
}

impl FromNode for RetryBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let block = Self {
            enabled: fields.key("enabled")?,
            attempts: fields.key("attempts")?,
            backoff: fields.key("backoff")?,
            max_backoff: fields.key("max_backoff")?,
        };
        fields.done()?;
        Ok(block)
    }
}

impl FromNode for TransportBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let block = Self {
            dial_keep_alive: fields.key("dial_keep_alive")?,
            dial_timeout: fields.key("dial_timeout")?,
            disable_keep_alives: fields.key("disable_keep_alives")?,
            idle_conn_timeout: fields.key("idle_conn_timeout")?,
            max_idle_conns: fields.key("max_idle_conns")?,
            max_idle_conns_per_host: fields.key("max_idle_conns_per_host")?,
            max_conns_per_host: fields.key("max_conns_per_host")?,
            tls_handshake_timeout: fields.key("tls_handshake_timeout")?,
        };
        fields.done()?;
        Ok(block)
    }
}

impl RetryBlock {
    pub(super) fn over(self, lower: Self) -> Self {
        let Self {
            enabled,
            attempts,
            backoff,
            max_backoff,
        } = self;
        Self {
            enabled: enabled.or(lower.enabled),
            attempts: attempts.or(lower.attempts),
            backoff: backoff.or(lower.backoff),
            max_backoff: max_backoff.or(lower.max_backoff),
        }
    }
}

impl TransportBlock {
    pub(super) fn over(self, lower: Self) -> Self {
        let Self {
            dial_keep_alive,
            dial_timeout,
            disable_keep_alives,
            idle_conn_timeout,
            max_idle_conns,
            max_idle_conns_per_host,
            max_conns_per_host,
            tls_handshake_timeout,
        } = self;
        Self {
            dial_keep_alive: dial_keep_alive.or(lower.dial_keep_alive),
            dial_timeout: dial_timeout.or(lower.dial_timeout),
            disable_keep_alives: disable_keep_alives.or(lower.disable_keep_alives),
            idle_conn_timeout: idle_conn_timeout.or(lower.idle_conn_timeout),
            max_idle_conns: max_idle_conns.or(lower.max_idle_conns),
            max_idle_conns_per_host: max_idle_conns_per_host.or(lower.max_idle_conns_per_host),
            max_conns_per_host: max_conns_per_host.or(lower.max_conns_per_host),
            tls_handshake_timeout: tls_handshake_timeout.or(lower.tls_handshake_timeout),
        }
    }
}
