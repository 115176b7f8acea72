//! The blocks about connections, shown.

use super::{Page, duration};
use crate::config::duration::GoDuration;
use crate::config::resolved::{Pauses, TransportConfig};
use crate::config::written::{RetryBlock, TransportBlock};

pub(super) fn show_retry(page: &mut Page, block: &RetryBlock) {
    let RetryBlock {
        enabled,
        attempts,
        backoff,
        max_backoff,
    } = block;
    let [first, longest] =
        [Pauses::DEFAULT.first, Pauses::DEFAULT.longest].map(|pause| duration(&GoDuration(pause)));
    page.said(
        "enabled",
        enabled.as_ref(),
        Some("true"),
        ToString::to_string,
    );
    page.said(
        "attempts",
        attempts.as_ref(),
        Some("0"),
        ToString::to_string,
    );
    page.said("backoff", backoff.as_ref(), Some(&first), duration);
    page.said(
        "max_backoff",
        max_backoff.as_ref(),
        Some(&longest),
        duration,
    );
}

pub(super) fn show_transport(page: &mut Page, block: &TransportBlock) {
    let TransportBlock {
        dial_keep_alive,
        dial_timeout,
        disable_keep_alives,
        idle_conn_timeout,
        max_idle_conns,
        max_idle_conns_per_host,
        max_conns_per_host,
        tls_handshake_timeout,
    } = block;
    let usual = TransportConfig::DEFAULT;
    let shown =
        |limit: Option<std::time::Duration>| duration(&GoDuration(limit.unwrap_or_default()));
    page.said(
        "dial_timeout",
        dial_timeout.as_ref(),
        Some(&shown(usual.connect_limit)),
        duration,
    );
    page.said(
        "tls_handshake_timeout",
        tls_handshake_timeout.as_ref(),
        None,
        duration,
    );
    page.said(
        "dial_keep_alive",
        dial_keep_alive.as_ref(),
        Some(&shown(Some(usual.keep_alive))),
        duration,
    );
    page.said(
        "disable_keep_alives",
        disable_keep_alives.as_ref(),
        Some("false"),
        ToString::to_string,
    );
    page.said(
        "idle_conn_timeout",
        idle_conn_timeout.as_ref(),
        Some(&shown(usual.idle_limit)),
        duration,
    );
    page.said(
        "max_idle_conns",
        max_idle_conns.as_ref(),
        Some("0"),
        ToString::to_string,
    );
    page.said(
        "max_idle_conns_per_host",
        max_idle_conns_per_host.as_ref(),
        Some("0"),
        ToString::to_string,
    );
    page.said(
        "max_conns_per_host",
        max_conns_per_host.as_ref(),
        None,
        ToString::to_string,
    );
}
