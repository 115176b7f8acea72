//! From what is written to what is meant.
//!
//! in:  all layers as one [`Written`]
//! out: the [`Config`], with every default filled in

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;
use secrecy::{ExposeSecret, SecretString};

use super::address::{self, AddressError};
use super::connection;
use super::environment::Environment;
use super::error::{ConfigError, Place, Said, ValueError};
use super::exec;
use super::exports::{Known, exports};
use super::job::{Common, resolve_all};
use super::later;
use super::logging;
use super::resolved::{BasicAuth, Config, ConsulConfig, Delimiters, DevConfig, Mode, Permissions};
use super::signal::SignalName;
use super::tls;
use super::token::{self, TokenError};
use super::wait::{self, Wait};
use super::written::{AuthBlock, ConsulBlock, DelimitersBlock, Written};

pub(super) const ADDRESS: &str = "127.0.0.1:8500";
pub(super) const MAX_STALE: Duration = Duration::from_secs(2);
pub(super) const BLOCK_QUERY_WAIT: Duration = Duration::from_secs(60);
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);
const KILL_SIGNAL: Signal = Signal::SIGINT;
const RELOAD_SIGNAL: Signal = Signal::SIGHUP;

/// Resolves everything; reads the token file, if there is one.
pub(super) fn resolve(
    written: Written,
    dev: Option<DevConfig>,
    environment: &Environment,
) -> Result<Config, ConfigError> {
    let Written {
        consul,
        template,
        exec,
        default_delimiters: DelimitersBlock { left, right },
        wait,
        format,
        output_format,
        max_stale,
        block_query_wait,
        log,
        kill_signal,
        reload_signal,
        pid_file,
        allow,
        sandbox_path,
        write,
        template_error_fatal,
        err_on_failed_lookup,
        once,
        parse_only,
        timeout,
        dry,
        later,
        unused,
    } = written;
    let mode = mode(
        value(once).unwrap_or(false),
        value(timeout).map(|timeout| timeout.0),
    )?;
    let mut warnings = later::answer(&later);
    warnings.extend(later::answer_flags(&unused));
    warnings.extend(connection::unheeded(&consul.retry, &consul.transport, mode));
    let (dry, parse_only) = (
        value(dry).unwrap_or(false),
        value(parse_only).unwrap_or(false),
    );
    let default = Delimiters::default();
    let common = Common {
        mode,
        writes: !dry && !parse_only,
        settle: wait::said(wait)?.and_then(Wait::settle),
        delimiters: Delimiters {
            left: filled(value(left)).unwrap_or(default.left),
            right: filled(value(right)).unwrap_or(default.right),
        },
        format: value(format),
        output_format: value(output_format),
        allow: permissions(&allow.unwrap_or_default())?,
        sandbox: value(sandbox_path),
        write: value(write).unwrap_or_default(),
        error_fatal: template_error_fatal,
    };
    let (kill_signal, reload_signal) = signals(kill_signal, reload_signal)?;
    let jobs = resolve_all(template, &common)?;
    let exec = exec::resolve(exec)?;
    if jobs.is_empty() && dev.is_none() && exec.is_none() {
        return Err(ConfigError::NothingToDo);
    }
    let max_stale =
        Some(value(max_stale).map_or(MAX_STALE, |age| age.0)).filter(|age| !age.is_zero());
    let block_query_wait = value(block_query_wait).map_or(BLOCK_QUERY_WAIT, |wait| wait.0);
    let embedded = dev.as_ref().map(|dev| dev.listen);
    let config = Config {
        consul: ConsulConfig {
            max_stale,
            block_query_wait,
            ..consul_config(consul, environment)?
        },
        jobs,
        exec,
        mode: common.mode,
        dry,
        parse_only,
        fail_on_missing: value(err_on_failed_lookup).unwrap_or(false),
        log: logging::resolve(log)?,
        kill_signal,
        reload_signal,
        pid_file: value(pid_file),
        dev,
        warnings,
    };
    Ok(match embedded {
        Some(listen) => config.against(listen),
        None => config,
    })
}

impl Config {
    /// The same, but against the embedded server that listens at `bound`, whatever was asked for.
    #[must_use]
    pub fn against(mut self, bound: SocketAddr) -> Self {
        let ip = match bound.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let address = SocketAddr::new(ip, bound.port()).to_string();
        // A socket address is always a URL's host and port; there is nothing to report.
        if let Ok(servers) = address::servers(&address, false) {
            self.consul.servers = servers;
        }
        self.consul.exports = exports(&Known::address(&address), &Environment::default());
        self
    }
}

/// What was said, wherever.
pub(super) fn value<T>(said: Option<Said<T>>) -> Option<T> {
    said.map(|said| said.value)
}

/// The empty text says nothing, as in consul-template.
pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn mode(once: bool, timeout: Option<Duration>) -> Result<Mode, ConfigError> {
    match (once, timeout) {
        (true, timeout) => Ok(Mode::Once {
            timeout: Some(timeout.unwrap_or(TIMEOUT)).filter(|timeout| !timeout.is_zero()),
        }),
        (false, Some(_)) => Err(ConfigError::TimeoutWithoutOnce),
        (false, None) => Ok(Mode::Daemon),
    }
}

/// The kill and the reload signal. A signal that is chosen for one role leaves the other, if it had that by default.
fn signals(
    kill: Option<Said<SignalName>>,
    reload: Option<Said<SignalName>>,
) -> Result<(Option<Signal>, Option<Signal>), ConfigError> {
    for said in kill.iter().chain(&reload) {
        if let Some(signal) = said.value.0.filter(|_| !said.value.can_be_handled()) {
            let place = said.place.clone();
            return Err(ConfigError::Value {
                place,
                source: ValueError::Unhandled(signal.as_str()),
            });
        }
    }
    let place = kill
        .as_ref()
        .map(|said| said.place.clone())
        .unwrap_or_default();
    let chosen = (
        kill.map(|said| said.value.0),
        reload.map(|said| said.value.0),
    );
    match chosen {
        (Some(Some(kill)), Some(Some(reload))) if kill == reload => Err(ConfigError::SameSignal {
            signal: kill.as_str(),
            place,
        }),
        (Some(kill), Some(reload)) => Ok((kill, reload)),
        (Some(kill), None) => Ok((
            kill,
            Some(RELOAD_SIGNAL).filter(|reload| Some(*reload) != kill),
        )),
        (None, Some(reload)) => Ok((
            Some(KILL_SIGNAL).filter(|kill| Some(*kill) != reload),
            reload,
        )),
        (None, None) => Ok((Some(KILL_SIGNAL), Some(RELOAD_SIGNAL))),
    }
}

/// What templates may do, of the words that were said.
fn permissions(words: &[Said<String>]) -> Result<Permissions, ConfigError> {
    let mut allow = Permissions::default();
    for Said { value, place } in words {
        for word in value
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            match word {
                "plugin" => allow.plugin = true,
                "writeToFile" => allow.write_to_file = true,
                other => {
                    let source = ValueError::Permission(other.to_owned());
                    return Err(ConfigError::Value {
                        place: place.clone(),
                        source,
                    });
                }
            }
        }
    }
    Ok(allow)
}

/// How Consul is reached; what is written outside the block has its default.
pub(super) fn consul_config(
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
    } = block;
    let refuse = |place, error: AddressError| ConfigError::Value {
        place,
        source: error.into(),
    };
    let (wants_tls, tls) = tls::resolve(ssl)?;
    let (list, place) = address.as_ref().map_or((ADDRESS, Place::Default), |said| {
        (&said.value, said.place.clone())
    });
    let servers = address::servers(list, wants_tls).map_err(|error| refuse(place, error))?;
    let token_file = token_file.filter(|said| !said.value.as_os_str().is_empty());
    let token = match &token_file {
        Some(file) => Some(read_token(file)?),
        None => token.map(sendable).transpose()?,
    };
    let token_file = token_file.map(|said| said.value);
    let auth = basic_auth(auth);
    let known = Known {
        address: address
            .as_ref()
            .and_then(|said| address::items(&said.value).next()),
        over_tls: servers
            .first()
            .is_some_and(|server| server.scheme() == "https"),
        tls: &tls,
        token: token.as_ref(),
        token_file: token_file.as_deref(),
        auth: auth.as_ref(),
        namespace: namespace.as_ref().map(|said| said.value.as_str()),
        partition: partition.as_ref().map(|said| said.value.as_str()),
    };
    let exports = exports(&known, environment);
    Ok(ConsulConfig {
        servers,
        tls,
        token,
        token_file,
        auth,
        namespace: value(namespace),
        partition: value(partition),
        max_stale: Some(MAX_STALE),
        block_query_wait: BLOCK_QUERY_WAIT,
        retry: connection::retry(retry),
        transport: connection::transport(transport),
        exports,
    })
}

fn read_token(file: &Said<PathBuf>) -> Result<SecretString, ConfigError> {
    let Said { value: path, place } = file;
    let read = fs::read(path)
        .map_err(TokenError::from)
        .and_then(|content| token::read(&content));
    read.map_err(|source| ConfigError::TokenFile {
        place: place.clone(),
        path: path.clone(),
        source,
    })
}

/// A token as a header can carry it.
fn sendable(said: Said<SecretString>) -> Result<SecretString, ConfigError> {
    if token::is_sendable(said.value.expose_secret()) {
        Ok(said.value)
    } else {
        Err(ConfigError::Value {
            place: said.place,
            source: ValueError::Token,
        })
    }
}

/// As in consul-template, a user or a password is enough to use them.
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
    let said = !username.is_empty() || !password.expose_secret().is_empty();
    (value(enabled).unwrap_or(true) && said).then_some(BasicAuth { username, password })
}
