//! Resolves the configuration: every default is filled in, and no text is left to parse.
//!
//! Input: all layers as one [`ConfigLayer`]. Output: the [`Config`].

/// Takes keys out of a block into a struct with fields of these names.
macro_rules! take {
    ($block:ident: $($key:ident),+) => {
        Self { $($key: std::mem::take(&mut $block.$key)),+ }
    };
}

mod action;
mod check;
mod command;
mod connection;
mod consul;
mod exec;
mod exports;
mod group;
mod job;
mod limits;
mod logging;
mod permissions;
mod standard_streams;
mod state;
mod tls;

use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use config_blocks::{Environment, Located, is_on, value};
use nix::sys::signal::Signal;

use super::address;
use super::error::{ConfigError, ValueError};
use super::ignored;
use super::layer::ConfigLayer;
use super::resolved::{Config, ConsulConfig, DevConfig, Mode};
use super::show::TIMEOUT;
use super::signal::SignalName;
pub(super) use consul::resolve as consul_config;
use consul::{BLOCK_QUERY_WAIT, MAX_STALE};
use job::{Common, resolve_all};

const KILL_SIGNAL: Signal = Signal::SIGINT;
const RELOAD_SIGNAL: Signal = Signal::SIGHUP;
/// The number of contents that are kept for each destination.
const HISTORY: u32 = 5;

/// Resolves everything; reads the token file, if there is one.
pub(super) fn resolve(
    mut layer: ConfigLayer,
    dev: Option<DevConfig>,
    environment: &Environment,
) -> Result<Config, ConfigError> {
    let mode = mode(&layer)?;
    let mut warnings = warnings(&layer, mode);
    let common = Common::of(&layer, mode)?;
    let (kill_signal, reload_signal) =
        signals(layer.kill_signal.as_ref(), layer.reload_signal.as_ref())?;
    let (templates, groups) = (mem::take(&mut layer.template), mem::take(&mut layer.group));
    let jobs = resolve_all(templates, groups, &common, &mut warnings)?;
    let start_with = layer.exec.start_with.clone();
    let exec = exec::resolve(mem::take(&mut layer.exec))?;
    let max_stale = value(layer.max_stale.take()).unwrap_or(MAX_STALE);
    let consul = ConsulConfig {
        max_stale: Some(max_stale).filter(|age| !age.is_zero()),
        block_query_wait: value(layer.block_query_wait.take()).unwrap_or(BLOCK_QUERY_WAIT),
        ..consul::resolve(mem::take(&mut layer.consul), environment)?
    };
    let parse_only = is_on(layer.parse_only.as_ref());
    let is_server = dev.is_some() && mode == Mode::Daemon && !parse_only;
    // Without it, a run of -once, and a trial with `ctmpl dev`, leave nothing behind.
    let needs_state = mode == Mode::Daemon && dev.is_none();
    let state_dir = state::directory(
        layer.state_dir.as_ref(),
        needs_state,
        state::User::own(),
        environment,
    )?;
    if needs_state && state_dir.is_none() {
        state::refuse_last_good(start_with.as_ref())?;
    }
    let answers = state::answers(&mut layer, needs_state, state_dir.is_some())?;
    let embedded = dev.as_ref().map(|dev| dev.listen);
    let config = Config {
        consul,
        jobs,
        exec,
        mode,
        dry: is_on(layer.dry.as_ref()),
        parse_only,
        fail_on_missing: is_on(layer.err_on_failed_lookup.as_ref()),
        log: logging::resolve(&layer, is_server)?,
        kill_signal,
        reload_signal,
        pid_file: value(layer.pid_file),
        status_addr: value(layer.status_addr)
            .and_then(|setting| setting.0)
            .filter(|_| mode == Mode::Daemon),
        state_dir: state_dir.filter(|_| common.writes()),
        history: value(layer.history).unwrap_or(HISTORY) as usize,
        answers,
        dev,
        warnings,
    };
    Ok(match embedded {
        Some(listen) => config.against(listen),
        None => config,
    })
}

fn warnings(layer: &ConfigLayer, mode: Mode) -> Vec<String> {
    let mut warnings = ignored::warnings(&layer.unsupported);
    warnings.extend(ignored::flag_warnings(&layer.ignored_flags));
    warnings.extend(connection::ignored_options(&layer.consul, mode));
    warnings.extend(consul::warnings(&layer.consul));
    warnings
}

impl Config {
    /// Returns `true` if there is a template, a child process or an embedded server.
    #[must_use]
    pub fn has_work(&self) -> bool {
        !self.jobs.is_empty() || self.exec.is_some() || self.dev.is_some()
    }

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
            self.consul.client.servers = servers;
        }
        self.consul.exports = exports::embedded(&address);
        self
    }
}

fn mode(layer: &ConfigLayer) -> Result<Mode, ConfigError> {
    let timeout = layer.timeout.as_ref().map(|set| set.value);
    match (is_on(layer.once.as_ref()), timeout) {
        (true, timeout) => Ok(Mode::Once {
            timeout: Some(timeout.unwrap_or(TIMEOUT)).filter(|timeout| !timeout.is_zero()),
        }),
        (false, Some(_)) => Err(ConfigError::TimeoutWithoutOnce),
        (false, None) => Ok(Mode::Daemon),
    }
}

/// The kill and the reload signal. A signal that is set for one role loses its default for the other.
fn signals(
    kill: Option<&Located<SignalName>>,
    reload: Option<&Located<SignalName>>,
) -> Result<(Option<Signal>, Option<Signal>), ConfigError> {
    for set in kill.iter().chain(&reload) {
        if let Some(signal) = set.value.0.filter(|_| !set.value.can_be_handled()) {
            let error = set.origin.refuse(ValueError::Unhandled(signal.as_str()));
            return Err(error.into());
        }
    }
    let unless = |default, other| Some(default).filter(|default| Some(*default) != other);
    match (kill, reload.map(|set| set.value.0)) {
        (Some(kill), Some(reload)) => match (kill.value.0, reload) {
            (Some(signal), Some(other)) if signal == other => Err(ConfigError::SameSignal {
                signal: signal.as_str(),
                origin: kill.origin.clone(),
            }),
            both => Ok(both),
        },
        (Some(kill), None) => Ok((kill.value.0, unless(RELOAD_SIGNAL, kill.value.0))),
        (None, Some(reload)) => Ok((unless(KILL_SIGNAL, reload), reload)),
        (None, None) => Ok((Some(KILL_SIGNAL), Some(RELOAD_SIGNAL))),
    }
}
