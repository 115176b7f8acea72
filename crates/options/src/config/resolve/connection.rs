//! Resolves the connections to Consul, and the retries.
//!
//! Input: a [`TransportBlock`], a [`RetryBlock`] and limits. Output: a [`TransportConfig`], a [`RetryConfig`], a
//! [`LoadConfig`], and warnings about options that have no effect.

use std::time::Duration;

use config_blocks::{Setting, origin_of, value};

use crate::config::layer::{ConsulBlock, RetryBlock, TransportBlock};
use crate::config::resolved::{LoadConfig, Mode, RetryConfig};
use consul_watch::watch::Pauses;
use http_client::TransportConfig;

/// The shortest pause: without one, retries would be a busy loop.
const SHORTEST: Duration = Duration::from_millis(10);
/// The unit of the keep-alive time of a socket.
const SECOND: Duration = Duration::from_secs(1);

/// Resolves the block.
pub(super) fn retry(block: RetryBlock) -> RetryConfig {
    let RetryBlock {
        enabled,
        attempts,
        backoff,
        max_backoff,
    } = block;
    let first = value(backoff).map_or(Pauses::DEFAULT.first, |pause| pause.max(SHORTEST));
    let longest = match value(max_backoff) {
        None => Pauses::DEFAULT.longest,
        Some(Duration::ZERO) => Duration::MAX,
        Some(longest) => longest.max(SHORTEST),
    };
    let attempts = match (value(enabled), value(attempts)) {
        (Some(false), _) => Some(0),
        // As in consul-template, a negative number is no limit either.
        (_, attempts) => attempts
            .and_then(|attempts| u32::try_from(attempts).ok())
            .filter(|attempts| *attempts > 0),
    };
    RetryConfig {
        attempts,
        pauses: Pauses {
            first,
            longest,
            probe: Pauses::DEFAULT.probe.max(first).min(longest),
        },
    }
}

/// Resolves the block.
pub(super) fn transport(block: TransportBlock) -> TransportConfig {
    let TransportBlock {
        dial_keep_alive,
        dial_timeout,
        disable_keep_alives,
        idle_conn_timeout,
        max_idle_conns,
        max_idle_conns_per_host,
        // See `load`.
        max_conns_per_host: _,
        tls_handshake_timeout,
    } = block;
    let default = TransportConfig::DEFAULT;
    let keep_alive = value(dial_keep_alive).filter(|silence| !silence.is_zero());
    TransportConfig {
        connect_limit: limit(dial_timeout, default.connect_limit),
        handshake_limit: limit(tls_handshake_timeout, default.handshake_limit),
        keep_alive: keep_alive.map_or(default.keep_alive, |silence| silence.max(SECOND)),
        reuse: !value(disable_keep_alives).unwrap_or(false),
        idle_limit: limit(idle_conn_timeout, default.idle_limit),
        most_idle: most(max_idle_conns, default.most_idle),
        most_idle_of_one: most(max_idle_conns_per_host, default.most_idle_of_one),
    }
}

/// Resolves the limits of the load. `per_host` is consul-template's limit of connections, where zero is none.
pub(super) fn load(
    connections: Setting<u32>,
    per_host: Setting<u32>,
    full_read_interval: Setting<Duration>,
) -> LoadConfig {
    let default = LoadConfig::DEFAULT;
    let connections = most(connections, default.connections).max(1);
    LoadConfig {
        connections: connections.min(most(per_host, usize::MAX)),
        full_read_interval: limit(full_read_interval, default.full_read_interval),
    }
}

/// A zero duration disables the limit.
fn limit(set: Setting<Duration>, default: Option<Duration>) -> Option<Duration> {
    match set {
        None => default,
        Some(set) => Some(set.value).filter(|limit| !limit.is_zero()),
    }
}

/// Zero disables the limit.
fn most(set: Setting<u32>, default: usize) -> usize {
    match value(set) {
        None => default,
        Some(0) => usize::MAX,
        Some(most) => most as usize,
    }
}

/// Warnings about options of these blocks that have no effect.
pub(super) fn ignored_options(block: &ConsulBlock, mode: Mode) -> Vec<String> {
    let ConsulBlock { retry, .. } = block;
    let enabled = retry.enabled.as_ref().filter(|set| !set.value);
    let attempts = retry.attempts.as_ref().filter(|set| set.value > 0);
    let origin = origin_of(enabled).or(origin_of(attempts));
    let origin = origin.filter(|_| mode == Mode::Daemon);
    let warning = origin.map(|origin| {
        format!(
            "{origin}: the daemon retries without limit, and the files stay; only a run with -once gives up"
        )
    });
    Vec::from_iter(warning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::read_text;

    fn block(text: &str) -> ConsulBlock {
        let layer = read_text("f", &format!("consul {{ {text} }}"));
        layer.expect("HCL").consul
    }

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_probe_is_sent_every_second_unless_the_first_pause_is_longer() {
        let cases = [
            ("", None, (0.25, 60.0, 1.0)),
            ("attempts = 12", Some(12), (0.25, 60.0, 1.0)),
            ("attempts = -1", None, (0.25, 60.0, 1.0)),
            ("attempts = 0 backoff = \"5s\"", None, (5.0, 60.0, 5.0)),
            (
                "enabled = true backoff = \"2s\" max_backoff = \"1s\"",
                None,
                (2.0, 1.0, 1.0),
            ),
            (
                "enabled = false attempts = 3 max_backoff = \"500ms\"",
                Some(0),
                (0.25, 0.5, 0.5),
            ),
            (
                "backoff = 0 max_backoff = \"10m\"",
                None,
                (0.01, 600.0, 1.0),
            ),
        ];
        for (text, attempts, (first, longest, probe)) in cases {
            let pauses = Pauses {
                first: seconds(first),
                longest: seconds(longest),
                probe: seconds(probe),
            };
            assert_eq!(
                retry(block(&format!("retry {{ {text} }}")).retry),
                RetryConfig { attempts, pauses },
                "{text}"
            );
        }
        assert_eq!(
            retry(block("retry { max_backoff = 0 }").retry)
                .pauses
                .longest,
            Duration::MAX
        );
    }

    #[test]
    fn transport_keys_set_the_limits_of_connections() {
        let of = |text: &str| transport(block(&format!("transport {{ {text} }}")).transport);
        assert_eq!(of(""), TransportConfig::DEFAULT);
        let all =
            of("dial_timeout = \"3s\" tls_handshake_timeout = \"2s\" dial_keep_alive = \"300ms\" max_idle_conns = 7
            disable_keep_alives = true idle_conn_timeout = \"5s\" max_idle_conns_per_host = 4");
        let expected = TransportConfig {
            connect_limit: Some(seconds(3.0)),
            handshake_limit: Some(seconds(2.0)),
            keep_alive: SECOND,
            reuse: false,
            idle_limit: Some(seconds(5.0)),
            most_idle: 7,
            most_idle_of_one: 4,
        };
        assert_eq!(all, expected);
        let none = of(
            "dial_timeout = 0 idle_conn_timeout = 0 dial_keep_alive = 0 max_idle_conns = 0
            max_idle_conns_per_host = 0 tls_handshake_timeout = 0",
        );
        let expected = TransportConfig {
            connect_limit: None,
            handshake_limit: None,
            idle_limit: None,
            most_idle_of_one: usize::MAX,
            ..TransportConfig::DEFAULT
        };
        assert_eq!(none, expected);
    }

    #[test]
    fn the_lower_of_two_limits_of_connections_counts_and_zero_is_none() {
        for (text, connections) in [
            ("", 64),
            ("max_connections = 10", 10),
            ("max_connections = 0", usize::MAX),
            ("transport { max_conns_per_host = 5 }", 5),
            (
                "max_connections = 3 transport { max_conns_per_host = 5 }",
                3,
            ),
        ] {
            let block = block(text);
            let per_host = block.transport.max_conns_per_host;
            let load = load(block.max_connections, per_host, block.full_read_interval);
            assert_eq!(load.connections, connections, "{text}");
        }
    }

    #[test]
    fn options_without_effect_cause_a_warning() {
        let set = |text: &str, mode| ignored_options(&block(text), mode).len();
        let once = Mode::Once { timeout: None };
        for (text, daemon, single) in [
            ("retry { attempts = 12 }", 1, 0),
            ("retry { enabled = false attempts = 1 }", 1, 0),
            (
                "retry { attempts = 0 backoff = \"1s\" enabled = true }",
                0,
                0,
            ),
            ("transport { max_conns_per_host = 1 }", 0, 0),
        ] {
            assert_eq!(
                (set(text, Mode::Daemon), set(text, once)),
                (daemon, single),
                "{text}"
            );
        }
    }
}
