//! Resolves the configuration: every default is filled in, and no text is left to parse.
//!
//! Input: all layers as one [`ConfigLayer`]. Output: the [`Config`].

mod connection;
mod exec;
mod exports;
mod job;
mod logging;
mod tls;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use config_blocks::{Environment, Located, Origin, Setting, filled, value};
use nix::sys::signal::Signal;
use secrecy::{ExposeSecret, SecretString};

use super::address;
use super::error::{ConfigError, ValueError};
use super::ignored;
use super::layer::{AuthBlock, ConfigLayer, ConsulBlock};
use super::resolved::{
    BasicAuth, Config, ConsulConfig, Delimiters, DevConfig, Mode, Permissions, RENDER_TIMEOUT,
};
use super::show::TIMEOUT;
use super::signal::SignalName;
use super::token::{self, TokenError};
use super::wait::Wait;
use exports::{Known, exports};
use job::{Common, resolve_all};
use logging::Logging;

const ADDRESS: &str = "127.0.0.1:8500";
const MAX_STALE: Duration = Duration::from_secs(2);
const BLOCK_QUERY_WAIT: Duration = Duration::from_secs(60);
const KILL_SIGNAL: Signal = Signal::SIGINT;
const RELOAD_SIGNAL: Signal = Signal::SIGHUP;

/// Resolves everything; reads the token file, if there is one.
pub(super) fn resolve(
    layer: ConfigLayer,
    dev: Option<DevConfig>,
    environment: &Environment,
) -> Result<Config, ConfigError> {
    let mode = mode(value(layer.once).unwrap_or(false), value(layer.timeout))?;
    let mut warnings = ignored::warnings(&layer.unsupported);
    warnings.extend(ignored::flag_warnings(&layer.ignored_flags));
    let ConsulBlock {
        retry, transport, ..
    } = &layer.consul;
    warnings.extend(connection::ignored_options(retry, transport, mode));
    let (dry, parse_only) = (
        value(layer.dry).unwrap_or(false),
        value(layer.parse_only).unwrap_or(false),
    );
    let default = Delimiters::default();
    let common = Common {
        mode,
        writes: !dry && !parse_only,
        settle: job::timer(layer.wait)?.and_then(Wait::settle),
        delimiters: Delimiters {
            left: value(filled(layer.default_delimiters.left)).unwrap_or(default.left),
            right: value(filled(layer.default_delimiters.right)).unwrap_or(default.right),
        },
        format: value(layer.format),
        output_format: value(layer.output_format),
        allow: permissions(layer.allow)?,
        sandbox: value(filled(layer.sandbox_path)),
        write: value(layer.write).unwrap_or_default(),
        error_fatal: layer.template_error_fatal,
        render_timeout: value(layer.render_timeout).map_or(RENDER_TIMEOUT, job::render_timeout),
    };
    let (kill_signal, reload_signal) = signals(layer.kill_signal, layer.reload_signal)?;
    let jobs = resolve_all(layer.template, &common)?;
    let exec = exec::resolve(layer.exec)?;
    if jobs.is_empty() && dev.is_none() && exec.is_none() {
        return Err(ConfigError::NothingToDo);
    }
    let max_stale = Some(value(layer.max_stale).unwrap_or(MAX_STALE)).filter(|age| !age.is_zero());
    let block_query_wait = value(layer.block_query_wait).unwrap_or(BLOCK_QUERY_WAIT);
    let embedded = dev.as_ref().map(|dev| dev.listen);
    let config = Config {
        consul: ConsulConfig {
            max_stale,
            block_query_wait,
            ..consul_config(layer.consul, environment)?
        },
        jobs,
        exec,
        mode: common.mode,
        dry,
        parse_only,
        fail_on_missing: value(layer.err_on_failed_lookup).unwrap_or(false),
        log: logging::resolve(Logging {
            level: layer.log_level,
            format: layer.log_format,
            file: layer.log_file,
            syslog: layer.syslog,
            journal: layer.journal,
        })?,
        kill_signal,
        reload_signal,
        pid_file: value(layer.pid_file),
        dev,
        warnings,
    };
    Ok(match embedded {
        Some(listen) => config.against(listen),
        None => config,
    })
}

impl Config {
    /// The same configuration, against the embedded server that listens at `bound`.
    #[must_use]
    pub fn against(mut self, bound: SocketAddr) -> Self {
        let ip = match bound.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let address = SocketAddr::new(ip, bound.port()).to_string();
        // A socket address is always valid as the host and port of a URL.
        if let Ok(servers) = address::servers(&address, false) {
            self.consul.servers = servers;
        }
        self.consul.exports = exports(&Known::address(&address), &Environment::default());
        self
    }
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

/// The kill and the reload signal. A signal that is set for one role loses its default for the other.
fn signals(
    kill: Setting<SignalName>,
    reload: Setting<SignalName>,
) -> Result<(Option<Signal>, Option<Signal>), ConfigError> {
    for set in kill.iter().chain(&reload) {
        if let Some(signal) = set.value.0.filter(|_| !set.value.can_be_handled()) {
            let error = set.origin.refuse(ValueError::Unhandled(signal.as_str()));
            return Err(error.into());
        }
    }
    let origin = kill
        .as_ref()
        .map(|set| set.origin.clone())
        .unwrap_or_default();
    let chosen = (kill.map(|set| set.value.0), reload.map(|set| set.value.0));
    match chosen {
        (Some(Some(kill)), Some(Some(reload))) if kill == reload => Err(ConfigError::SameSignal {
            signal: kill.as_str(),
            origin,
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

/// The permissions of templates, as words.
fn permissions(words: Setting<Vec<String>>) -> Result<Permissions, ConfigError> {
    let mut allow = Permissions::default();
    let Some(Located { value, origin }) = words else {
        return Ok(allow);
    };
    for word in value.iter().flat_map(|words| words.split(',')) {
        match word.trim() {
            "" => {}
            "plugin" => allow.plugin = true,
            "writeToFile" => allow.write_to_file = true,
            other => {
                return Err(origin
                    .refuse(ValueError::Permission(other.to_owned()))
                    .into());
            }
        }
    }
    Ok(allow)
}

/// Resolves the connection to Consul; the keys outside of the block have their defaults.
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
    let (wants_tls, tls) = tls::resolve(ssl)?;
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
    let token_file = token_file.map(|set| set.value);
    let auth = basic_auth(auth);
    let known = Known {
        address: address
            .as_ref()
            .and_then(|set| address::items(&set.value).next()),
        over_tls: servers
            .first()
            .is_some_and(|server| server.scheme() == "https"),
        tls: &tls,
        token: token.as_ref(),
        token_file: token_file.as_deref(),
        auth: auth.as_ref(),
        namespace: namespace.as_ref().map(|set| set.value.as_str()),
        partition: partition.as_ref().map(|set| set.value.as_str()),
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
