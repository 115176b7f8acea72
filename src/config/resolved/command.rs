//! A command, resolved.

use std::sync::Arc;
use std::time::Duration;

use reload_actions::ReloadAction;

use crate::config::exec::{CommandLine, EnvironmentConfig};
use crate::config::values::CommandOutput;

/// The command of a template or a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommandConfig {
    /// The command line, which identifies the command. For an `action`, it is one word with blanks that shows the action:
    /// no written command becomes such a line.
    pub line: CommandLine,
    /// The action that is performed in place of the command line; `None`: the line is executed.
    pub action: Option<Arc<ReloadAction>>,
    /// The timeout, after which the command is terminated, then killed.
    pub timeout: Duration,
    /// Its environment.
    pub environment: EnvironmentConfig,
    /// The destination of its output.
    pub output: CommandOutput,
}
