//! The flags about connections and about asking again, and those that are only accepted.

use super::{said, value};
use crate::cli::{RetryArguments, TransportArguments, UnusedArguments, UnusedFlag, UnusedValue};
use crate::config::duration::GoDuration;
use crate::config::error::{ConfigError, Place, Said, ValueError};
use crate::config::written::{RetryBlock, TransportBlock};

pub(super) fn retry_block(arguments: RetryArguments) -> Result<RetryBlock, ConfigError> {
    let RetryArguments {
        consul_retry,
        consul_retry_attempts,
        consul_retry_backoff,
        consul_retry_max_backoff,
    } = arguments;
    Ok(RetryBlock {
        enabled: consul_retry.map(|value| said("--consul-retry", value)),
        attempts: count("--consul-retry-attempts", consul_retry_attempts)?,
        backoff: value("--consul-retry-backoff", consul_retry_backoff)?,
        max_backoff: value("--consul-retry-max-backoff", consul_retry_max_backoff)?,
    })
}

pub(super) fn transport_block(
    arguments: TransportArguments,
) -> Result<TransportBlock, ConfigError> {
    let TransportArguments {
        consul_transport_dial_timeout,
        consul_transport_tls_handshake_timeout,
        consul_transport_dial_keep_alive,
        consul_transport_disable_keep_alives,
        consul_transport_max_idle_conns_per_host,
    } = arguments;
    Ok(TransportBlock {
        dial_keep_alive: value(
            "--consul-transport-dial-keep-alive",
            consul_transport_dial_keep_alive,
        )?,
        dial_timeout: value(
            "--consul-transport-dial-timeout",
            consul_transport_dial_timeout,
        )?,
        disable_keep_alives: consul_transport_disable_keep_alives
            .map(|value| said("--consul-transport-disable-keep-alives", value)),
        max_idle_conns_per_host: count(
            "--consul-transport-max-idle-conns-per-host",
            consul_transport_max_idle_conns_per_host,
        )?,
        tls_handshake_timeout: value(
            "--consul-transport-tls-handshake-timeout",
            consul_transport_tls_handshake_timeout,
        )?,
        ..TransportBlock::default()
    })
}

/// The names of the flags that are only accepted. What they say must make sense all the same; and to say no to what is
/// not there is nothing to speak of.
pub(super) fn unused(arguments: UnusedArguments) -> Result<Vec<&'static str>, ConfigError> {
    let UnusedArguments { said } = arguments;
    let mut names = Vec::new();
    for UnusedFlag { flag, value: text } in said {
        match text {
            UnusedValue::Duration(text) => drop(value::<GoDuration>(flag, Some(text))?),
            UnusedValue::Number(text) => drop(number(flag, &text)?),
            UnusedValue::Bool(false) if flag == "--dedup" => continue,
            UnusedValue::Bool(_) | UnusedValue::Text => {}
        }
        names.push(flag);
    }
    Ok(names)
}

fn count(flag: &'static str, text: Option<String>) -> Result<Option<Said<u32>>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    let number = number(flag, &text)?;
    let count = u32::try_from(number).map_err(|_| refuse(flag, ValueError::Range(number)))?;
    Ok(Some(said(flag, count)))
}

fn number(flag: &'static str, text: &str) -> Result<i64, ConfigError> {
    text.parse()
        .map_err(|error: std::num::ParseIntError| refuse(flag, error.into()))
}

fn refuse(flag: &'static str, source: ValueError) -> ConfigError {
    ConfigError::Value {
        place: Place::Flag(flag),
        source,
    }
}
