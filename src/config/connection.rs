//! How connections to Consul are kept, and what happens when it does not answer, resolved.
//!
//! in:  a [`TransportBlock`] and a [`RetryBlock`]
//! out: a [`TransportConfig`], a [`RetryConfig`], and what should be said about what is not heeded

use std::time::Duration;

use super::duration::GoDuration;
use super::error::Said;
use super::resolve::value;
use super::resolved::{Mode, Pauses, RetryConfig, TransportConfig};
use super::written::{RetryBlock, TransportBlock};

/// The shortest pause: one of nothing would ask in a tight loop.
const SHORTEST: Duration = Duration::from_millis(10);
/// What the system counts silence in.
const SECOND: Duration = Duration::from_secs(1);

/// Resolves the block.
pub(super) fn retry(block: RetryBlock) -> RetryConfig {
    let RetryBlock {
        enabled,
        attempts,
        backoff,
        max_backoff,
    } = block;
    let first = value(backoff).map_or(Pauses::DEFAULT.first, |pause| pause.0.max(SHORTEST));
    let longest = match value(max_backoff) {
        None => Pauses::DEFAULT.longest,
        Some(GoDuration(Duration::ZERO)) => Duration::MAX,
        Some(GoDuration(longest)) => longest.max(SHORTEST),
    };
    let attempts = match (value(enabled), value(attempts)) {
        (Some(false), _) => Some(0),
        (_, attempts) => attempts.filter(|attempts| *attempts > 0),
    };
    RetryConfig {
        attempts,
        pauses: Pauses {
            first,
            longest,
            scout: Pauses::DEFAULT.scout.max(first).min(longest),
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
        max_conns_per_host: _,
        tls_handshake_timeout,
    } = block;
    let usual = TransportConfig::DEFAULT;
    let connect_limit = limit(dial_timeout, usual.connect_limit);
    let handshake = limit(tls_handshake_timeout, Some(Duration::ZERO));
    let tls_connect_limit = connect_limit
        .zip(handshake)
        .map(|(one, other)| one.saturating_add(other));
    let keep_alive = value(dial_keep_alive)
        .map(|silence| silence.0)
        .filter(|silence| !silence.is_zero());
    TransportConfig {
        connect_limit,
        tls_connect_limit,
        keep_alive: keep_alive.map_or(usual.keep_alive, |silence| silence.max(SECOND)),
        reuse: !value(disable_keep_alives).unwrap_or(false),
        idle_limit: limit(idle_conn_timeout, usual.idle_limit),
        most_idle: most(max_idle_conns),
        most_idle_of_one: most(max_idle_conns_per_host),
    }
}

/// No time is no limit.
fn limit(said: Option<Said<GoDuration>>, usual: Option<Duration>) -> Option<Duration> {
    match said {
        None => usual,
        Some(said) => Some(said.value.0).filter(|limit| !limit.is_zero()),
    }
}

/// None at all is no limit.
fn most(said: Option<Said<u32>>) -> usize {
    value(said)
        .filter(|most| *most > 0)
        .map_or(usize::MAX, |most| most as usize)
}

/// What is said of these blocks that is not done.
pub(super) fn unheeded(retry: &RetryBlock, transport: &TransportBlock, mode: Mode) -> Vec<String> {
    let mut warnings = Vec::new();
    let enabled = retry
        .enabled
        .as_ref()
        .filter(|said| !said.value)
        .map(|said| &said.place);
    let attempts = retry
        .attempts
        .as_ref()
        .filter(|said| said.value > 0)
        .map(|said| &said.place);
    if let Some(place) = enabled.or(attempts)
        && mode == Mode::Daemon
    {
        warnings.push(format!(
            "{place}: the daemon asks until it is answered, and the files stay; a run with -once gives up"
        ));
    }
    if let Some(said) = transport
        .max_conns_per_host
        .as_ref()
        .filter(|said| said.value > 0)
    {
        let place = &said.place;
        warnings.push(format!(
            "{place}: each query that waits has a connection of its own, or shares one with 89 others over HTTP/2"
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::super::file::read_text;
    use super::*;

    fn blocks(text: &str) -> (RetryBlock, TransportBlock) {
        let consul = read_text("f", &format!("consul {{ {text} }}"))
            .expect("HCL")
            .consul;
        (consul.retry, consul.transport)
    }

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_scout_asks_every_second_unless_the_first_pause_is_longer() {
        let cases = [
            ("", None, (0.25, 60.0, 1.0)),
            ("attempts = 12", Some(12), (0.25, 60.0, 1.0)),
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
        for (text, attempts, (first, longest, scout)) in cases {
            let pauses = Pauses {
                first: seconds(first),
                longest: seconds(longest),
                scout: seconds(scout),
            };
            assert_eq!(
                retry(blocks(&format!("retry {{ {text} }}")).0),
                RetryConfig { attempts, pauses },
                "{text}"
            );
        }
        assert_eq!(
            retry(blocks("retry { max_backoff = 0 }").0).pauses.longest,
            Duration::MAX
        );
    }

    #[test]
    fn limits_of_connections_are_those_that_were_said() {
        let of = |text: &str| transport(blocks(&format!("transport {{ {text} }}")).1);
        assert_eq!(of(""), TransportConfig::DEFAULT);
        let all =
            of("dial_timeout = \"3s\" tls_handshake_timeout = \"2s\" dial_keep_alive = \"300ms\" max_idle_conns = 7
            disable_keep_alives = true idle_conn_timeout = \"5s\" max_idle_conns_per_host = 4");
        let expected = TransportConfig {
            connect_limit: Some(seconds(3.0)),
            tls_connect_limit: Some(seconds(5.0)),
            keep_alive: SECOND,
            reuse: false,
            idle_limit: Some(seconds(5.0)),
            most_idle: 7,
            most_idle_of_one: 4,
        };
        assert_eq!(all, expected);
        let none =
            of("dial_timeout = 0 idle_conn_timeout = 0 dial_keep_alive = 0 max_idle_conns = 0");
        let expected = TransportConfig {
            connect_limit: None,
            tls_connect_limit: None,
            idle_limit: None,
            ..TransportConfig::DEFAULT
        };
        assert_eq!(none, expected);
    }

    #[test]
    fn what_is_not_heeded_is_said() {
        let said = |text: &str, mode| {
            let (retry, transport) = blocks(text);
            unheeded(&retry, &transport, mode).len()
        };
        let once = Mode::Once { timeout: None };
        for (text, daemon, single) in [
            ("retry { attempts = 12 }", 1, 0),
            ("retry { enabled = false attempts = 1 }", 1, 0),
            (
                "retry { attempts = 0 backoff = \"1s\" enabled = true }",
                0,
                0,
            ),
            ("transport { max_conns_per_host = 1 }", 1, 1),
            (
                "transport { max_conns_per_host = 0 dial_timeout = \"1s\" }",
                0,
                0,
            ),
        ] {
            assert_eq!(
                (said(text, Mode::Daemon), said(text, once)),
                (daemon, single),
                "{text}"
            );
        }
    }
}
