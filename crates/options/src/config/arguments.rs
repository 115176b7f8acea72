//! The command line, parsed but not resolved.
//!
//! Input: the flags as the command line gives them. Output: a layer, and the options of `ctmpl dev`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use config_blocks::{Block as _, Error, Flags, Origin};

use super::error::ValueError;
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

impl Arguments {
    /// The layer of all flags.
    pub(super) fn layer(&self) -> Result<ConfigLayer, Error> {
        let layer = ConfigLayer {
            ignored_flags: ignored::check(&self.ignored)?,
            ..ConfigLayer::from_inputs(&self.flags)?
        };
        layer.with_flags_of_templates()
    }
}

impl DevArguments {
    /// The embedded server that they ask for.
    pub(super) fn resolve(&self) -> Result<DevConfig, Error> {
        let Self { listen, seed } = self;
        let listen = match listen {
            Some(text) => listen_address(text)
                .ok_or_else(|| Origin::Flag("--listen").refuse(ValueError::Listen(text.clone())))?,
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
