//! Commands, and the environment of programs.

use std::sync::Arc;
use std::time::Duration;

use config_blocks::{Choice, Glob};
use process_tree::CommandLine;
use reload_actions::ReloadAction;

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

/// The destination of the output of commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Choice)]
pub enum CommandOutput {
    /// The standard output and error of this process, unchanged.
    #[default]
    Inherit,
    /// The log.
    Log,
}

/// The environment of a program, apart from the variables about Consul.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EnvironmentConfig {
    /// Pass on no variable of the environment of this process.
    pub pristine: bool,
    /// Pass on only variables whose name matches one of these; empty: all.
    pub allow: Vec<Glob>,
    /// Pass on no variable whose name matches one of these.
    pub deny: Vec<Glob>,
    /// Additional variables; they may be secret.
    pub custom: Vec<Variable>,
}

/// A variable and its value.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, verbatim; `None`: the value that it has already, else the empty text.
    pub value: Option<String>,
}

/// Only the name: the value may be secret.
impl std::fmt::Debug for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}=…", self.name)
    }
}

impl EnvironmentConfig {
    /// Returns `true` if a program gets this variable of the environment of this process.
    pub fn passes(&self, name: &str) -> bool {
        let Self {
            pristine,
            allow,
            deny,
            custom: _,
        } = self;
        let like = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(name));
        !pristine && (allow.is_empty() || like(allow)) && !like(deny)
    }
}
