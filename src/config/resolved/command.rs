//! A command, resolved.

use std::time::Duration;

use crate::config::exec::{CommandLine, EnvironmentConfig};
use crate::config::values::CommandOutput;

/// The command of a template or a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommandConfig {
    /// The command line.
    pub line: CommandLine,
    /// The timeout, after which the command is terminated, then killed.
    pub timeout: Duration,
    /// Its environment.
    pub environment: EnvironmentConfig,
    /// The destination of its output.
    pub output: CommandOutput,
}
