//! Files that are applied together.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use config_blocks::Choice;
use process_tree::CommandLine;
use url::Url;

use super::command::CommandConfig;
use super::rate::ReloadRate;

/// Templates that are applied together: all files are staged, checked, and swapped, then one
/// command runs, and its effect is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupConfig {
    /// The identity.
    pub key: GroupKey,
    /// The check of the staged files; `None`: none.
    pub check: Option<CheckConfig>,
    /// The command after the swap; `None`: none.
    pub command: Option<CommandConfig>,
    /// The verification after the command; `None`: none.
    pub verify: Option<VerifyConfig>,
    /// The reaction to a failed command or verification.
    pub on_failure: OnFailure,
    /// The limit on the rate of commands; `None`: only the cooldown limits it.
    pub rate: Option<ReloadRate>,
}

/// The identity of a group. It stays the same when the configuration is read again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupKey {
    /// A group with a name, from the configuration. It waits until all its templates are rendered.
    Named(Arc<str>),
    /// The templates with this command.
    Command(CommandLine),
    /// The template with this destination, which has no command.
    Alone(Arc<str>),
}

/// The check of staged files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckConfig {
    /// The method.
    pub method: CheckMethod,
    /// The directory whose copy, with the staged files in place, is checked; `None`: the staged
    /// files are checked by themselves.
    pub tree: Option<PathBuf>,
}

/// The method of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckMethod {
    /// A command, with `{staged}` and `{tree}` in its arguments.
    Command(CommandConfig),
    /// The check that is built in for this program, with its timeout.
    Builtin(Program, Duration),
}

/// The verification that the program runs with the new files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyConfig {
    /// The method.
    pub probe: Probe,
    /// The time after which the verification has failed.
    pub timeout: Duration,
}

/// The method of a verification. It is repeated until it succeeds or its time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// A command that succeeds.
    Command(CommandConfig),
    /// A request that is answered with this status.
    Http {
        /// The address.
        url: Url,
        /// The expected status.
        expect: u16,
    },
    /// The master process of this program has new workers, and no old ones that still accept
    /// connections.
    Builtin {
        /// The program.
        program: Program,
        /// The file with the process ID of the master; `None`: the master is searched for.
        pid_file: Option<PathBuf>,
    },
}

impl GroupConfig {
    /// Creates the group of the templates that have this command.
    #[must_use]
    pub fn of_command(command: CommandConfig) -> Self {
        let key = GroupKey::Command(command.line.clone());
        Self {
            command: Some(command),
            ..Self::of_key(key)
        }
    }

    /// Creates a group without any setting.
    #[must_use]
    pub fn of_key(key: GroupKey) -> Self {
        Self {
            key,
            check: None,
            command: None,
            verify: None,
            on_failure: OnFailure::default(),
            rate: None,
        }
    }

    /// Returns `true` if something has to follow a swap: a command or a verification.
    #[must_use]
    pub fn has_effect(&self) -> bool {
        self.command.is_some() || self.verify.is_some()
    }

    /// Returns `true` if no further files are swapped before the command has ended: its failure
    /// could not be assigned to a content.
    #[must_use]
    pub fn is_sequential(&self) -> bool {
        self.verify.is_some() || self.on_failure == OnFailure::Rollback
    }
}

impl GroupKey {
    /// Returns `true` if the group has a name.
    #[must_use]
    pub fn is_named(&self) -> bool {
        matches!(self, Self::Named(_))
    }
}

impl std::fmt::Display for GroupKey {
    /// Writes the name, the command or the destination.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => write!(out, "{name}"),
            Self::Command(line) => write!(out, "{line}"),
            Self::Alone(destination) => write!(out, "{destination}"),
        }
    }
}

/// The reaction to a failed command or verification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
#[choice(kind = "reaction to a failure")]
pub enum OnFailure {
    /// The command runs again, with growing pauses.
    #[default]
    Retry,
    /// The previous content is restored, and the command runs again. The failed content is not
    /// applied until it changes.
    Rollback,
    /// The process exits with an error.
    Exit,
}

/// A program with a built-in check or verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Choice)]
pub enum Program {
    /// nginx
    Nginx,
    /// HAProxy
    Haproxy,
    /// The Apache HTTP server; it has a check only.
    Apache,
}
