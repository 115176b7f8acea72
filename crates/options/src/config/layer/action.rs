//! What reloads a program without a command, as written.

use std::path::PathBuf;

use config_blocks::{Block, Located, Origin, Setting, quoted};
use secrecy::SecretString;

use super::url::without_secrets;
use crate::config::signal::SignalName;
use crate::config::values::UnitAction;

/// `signal { … }`
#[derive(Block, Clone, Debug, Default)]
pub(crate) struct SignalBlock {
    /// Where the block begins.
    #[key(origin)]
    pub(crate) origin: Origin,
    /// Signal to send
    #[key(default = "\"SIGHUP\"", hide_default)]
    pub(crate) name: Setting<SignalName>,
    /// File with the process ID of the process
    #[key(skip_empty)]
    pub(crate) pidfile: Setting<PathBuf>,
    /// Name of the process, as `ps -o comm` shows it. Of a process and its children with this name, the first one receives
    /// the signal
    #[key(skip_empty)]
    pub(crate) process: Setting<String>,
}

/// `http { … }`
#[derive(Block, Clone, Debug, Default)]
pub(crate) struct HttpBlock {
    /// Where the block begins.
    #[key(origin)]
    pub(crate) origin: Origin,
    /// URL to request; a status from 200 to 299 is a success
    #[key(skip_empty, show = without_secrets)]
    pub(crate) url: Setting<String>,
    /// Method of the request
    #[key(default = "\"POST\"", hide_default)]
    pub(crate) method: Setting<String>,
    /// `NAME: VALUE`: headers of the request
    #[key(default = "[]", show = name_only)]
    pub(crate) headers: Vec<Located<String>>,
    /// Body of the request
    pub(crate) body: Setting<SecretString>,
}

/// `systemd { … }`
#[derive(Block, Clone, Debug, Default)]
pub(crate) struct SystemdBlock {
    /// Where the block begins.
    #[key(origin)]
    pub(crate) origin: Origin,
    /// Unit, for example `"nginx.service"`
    #[key(skip_empty)]
    pub(crate) unit: Setting<String>,
    /// What `systemctl` does with it
    #[key(default = "\"reload\"", hide_default)]
    pub(crate) action: Setting<UnitAction>,
}

/// `docker { … }`
#[derive(Block, Clone, Debug, Default)]
pub(crate) struct DockerBlock {
    /// Where the block begins.
    #[key(origin)]
    pub(crate) origin: Origin,
    /// Name or ID of the container, whose first process receives the signal
    #[key(skip_empty)]
    pub(crate) container: Setting<String>,
    /// Signal to send
    #[key(default = "\"SIGHUP\"", hide_default)]
    pub(crate) signal: Setting<SignalName>,
    /// Socket of the engine
    #[key(default = "\"/var/run/docker.sock\"", hide_default)]
    pub(crate) socket: Setting<PathBuf>,
}

/// The name of a header, as HCL: the value may be a secret.
fn name_only(header: &str) -> String {
    let name = header.split_once(':').map_or("", |(name, _)| name);
    quoted(&format!("{name}: ***"))
}
