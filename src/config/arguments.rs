//! The command line, parsed but not resolved.
//!
//! Input: the flags as the command line gives them. Output: a layer, and the options of `ctmpl dev`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::block::{Block as _, Input, Inputs, Key};
use super::error::{ConfigError, Origin, ValueError};
use super::ignored::{self, IgnoredFlag};
use super::layer::ConfigLayer;
use super::resolved::DevConfig;

/// The default address of the embedded server: where every client expects Consul.
const DEV_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8500);

/// The command line of the daemon.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Files and directories with configuration, in order.
    pub config: Vec<PathBuf>,
    /// The flags that set keys.
    pub flags: Flags,
    /// Of `ctmpl dev`; `None`: another command.
    pub dev: Option<DevArguments>,
    /// The flags that have no effect.
    pub ignored: Vec<IgnoredFlag>,
}

/// The flags of `ctmpl dev`.
#[derive(Clone, Debug, Default)]
pub struct DevArguments {
    /// The address on which the embedded server listens.
    pub listen: Option<String>,
    /// The file with its initial data.
    pub seed: Option<PathBuf>,
}

/// Flags that set keys, with the texts of each.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Flags(BTreeMap<&'static str, Vec<OsString>>);

/// Only the names: values may be secret.
impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Flags {
    /// Sets a flag, `--wait`.
    pub fn set(&mut self, flag: &'static str, texts: Vec<OsString>) {
        self.0.insert(flag, texts);
    }

    /// The texts of a flag; empty if it is not set.
    pub fn texts(&self, flag: &str) -> &[OsString] {
        self.0.get(flag).map(Vec::as_slice).unwrap_or_default()
    }

    /// The last text of a flag: it overrides the others.
    pub fn last(&self, flag: &str) -> Option<&OsStr> {
        self.texts(flag).last().map(OsString::as_os_str)
    }

    /// The layer of these flags.
    pub(super) fn layer(&self) -> Result<ConfigLayer, ConfigError> {
        let mut layer = ConfigLayer::default();
        layer.apply(self)?;
        Ok(layer)
    }
}

impl Inputs for Flags {
    fn get(&self, key: &Key) -> Result<Option<Input>, ConfigError> {
        Ok(self.0.get(key.flag).map(|texts| Input {
            texts: texts.clone(),
            origin: Origin::Flag(key.flag),
        }))
    }
}

impl Arguments {
    /// The layer of all flags.
    pub(super) fn layer(&self) -> Result<ConfigLayer, ConfigError> {
        Ok(ConfigLayer {
            ignored_flags: ignored::check(&self.ignored)?,
            ..self.flags.layer()?
        })
    }
}

impl DevArguments {
    /// The embedded server that they ask for.
    pub(super) fn resolve(&self) -> Result<DevConfig, ConfigError> {
        let Self { listen, seed } = self;
        let listen = match listen {
            Some(text) => listen_address(text).ok_or_else(|| ConfigError::Value {
                origin: Origin::Flag("--listen"),
                source: ValueError::Listen(text.clone()),
            })?,
            None => DEV_LISTEN,
        };
        Ok(DevConfig {
            listen,
            seed: seed.clone().filter(|path| !path.as_os_str().is_empty()),
        })
    }
}

fn listen_address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::new(
            Ipv4Addr::LOCALHOST.into(),
            port.parse().ok()?,
        )),
        None => text.parse().ok(),
    }
}
