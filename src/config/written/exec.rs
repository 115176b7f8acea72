//! The block about the child, as written, and the one about the environment of programs.

use super::CommandBlock;
use crate::config::duration::GoDuration;
use crate::config::error::{ConfigError, Said};
use crate::config::exec::OnChange;
use crate::config::file::{At, Fields, FromNode, Node};
use crate::config::signal::SignalName;

/// `exec { … }`
#[derive(Clone, Debug, Default)]
pub struct ExecBlock {
    /// Whether there is a child at all.
    pub enabled: Option<Said<bool>>,
    /// What is run.
    pub command: Option<Said<CommandBlock>>,
    /// `env { … }`
    pub environment: EnvironmentBlock,
    /// What asks it to end.
    pub kill_signal: Option<Said<SignalName>>,
    /// How long that may take.
    pub kill_timeout: Option<Said<GoDuration>>,
    /// What happens when a file has changed.
    pub reload_signal: Option<Said<OnChange>>,
    /// How long a change waits at most.
    pub splay: Option<Said<GoDuration>>,
}

/// `env { … }`
#[derive(Clone, Debug, Default)]
pub struct EnvironmentBlock {
    /// Whether nothing of ours is passed on.
    pub pristine: Option<Said<bool>>,
    /// `NAME=VALUE`
    pub custom: Vec<Said<String>>,
    /// What is passed on.
    pub allowlist: Vec<Said<String>>,
    /// What is not.
    pub denylist: Vec<Said<String>>,
}

impl FromNode for ExecBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let block = Self {
            enabled: fields.key("enabled")?,
            command: fields.key("command")?,
            environment: fields.block("env")?,
            kill_signal: fields.key("kill_signal")?,
            kill_timeout: fields.key("kill_timeout")?,
            reload_signal: fields.key("reload_signal")?,
            splay: fields.key("splay")?,
        };
        fields.later::<GoDuration>("timeout")?;
        fields.done()?;
        Ok(block)
    }
}

impl FromNode for EnvironmentBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let pristine = fields.key("pristine")?;
        let mut list =
            |name, other: Option<&'static str>| -> Result<Vec<Said<String>>, ConfigError> {
                let mut list: Vec<_> = fields.key::<Vec<Said<String>>>(name)?.unwrap_or_default();
                if let Some(other) = other {
                    list.extend(fields.key::<Vec<Said<String>>>(other)?.unwrap_or_default());
                }
                Ok(list)
            };
        let custom = list("custom", None)?;
        let allowlist = list("allowlist", Some("whitelist"))?;
        let denylist = list("denylist", Some("blacklist"))?;
        fields.done()?;
        Ok(Self {
            pristine,
            custom,
            allowlist,
            denylist,
        })
    }
}

impl ExecBlock {
    /// As [`Written::over`](super::Written::over).
    pub(super) fn over(self, lower: Self) -> Self {
        let Self {
            enabled,
            command,
            environment,
            kill_signal,
            kill_timeout,
            reload_signal,
            splay,
        } = self;
        Self {
            enabled: enabled.or(lower.enabled),
            command: command.or(lower.command),
            environment: environment.over(lower.environment),
            kill_signal: kill_signal.or(lower.kill_signal),
            kill_timeout: kill_timeout.or(lower.kill_timeout),
            reload_signal: reload_signal.or(lower.reload_signal),
            splay: splay.or(lower.splay),
        }
    }
}

impl EnvironmentBlock {
    /// Does it say nothing?
    pub fn is_empty(&self) -> bool {
        let Self {
            pristine,
            custom,
            allowlist,
            denylist,
        } = self;
        pristine.is_none() && custom.is_empty() && allowlist.is_empty() && denylist.is_empty()
    }

    /// Lists add up, as in consul-template.
    fn over(self, lower: Self) -> Self {
        let Self {
            pristine,
            custom,
            allowlist,
            denylist,
        } = self;
        let both = |lower: Vec<_>, upper: Vec<_>| lower.into_iter().chain(upper).collect();
        Self {
            pristine: pristine.or(lower.pristine),
            custom: both(lower.custom, custom),
            allowlist: both(lower.allowlist, allowlist),
            denylist: both(lower.denylist, denylist),
        }
    }
}
