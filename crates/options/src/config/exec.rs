//! The child process, resolved.

use std::str::FromStr;
use std::time::Duration;

use config_blocks::{Error, FromNode, Input, Node, Position, Reason, Shape, Value, quoted};
use group_apply::options::EnvironmentConfig;
use nix::sys::signal::Signal;
use process_tree::CommandLine;

use super::signal::{SignalError, SignalName};
use super::values::StartWith;

/// As in consul-template.
const DEFAULT: Signal = Signal::SIGINT;
/// The stop signals that the child receives as ctmpl has received them. Images set the stop signal
/// of their program (`STOPSIGNAL`); for nginx, QUIT is the graceful one.
const PASSED_ON: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT];

/// The child process: started when every file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecConfig {
    /// The command.
    pub line: CommandLine,
    /// Its environment.
    pub environment: EnvironmentConfig,
    /// What happens to it after a change.
    pub on_change: OnChange,
    /// The signal that stops it.
    pub kill_signal: KillSignal,
    /// Timeout for it to stop, before it is killed.
    pub kill_timeout: Duration,
    /// Maximum random delay after a change, so that not all hosts act at once.
    pub splay: Duration,
    /// The files with which it may be started.
    pub start_with: StartWith,
}

/// The signal that stops the child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KillSignal {
    /// Not configured. The TERM, INT or QUIT that stops ctmpl stops the child too. Otherwise INT, as in
    /// consul-template.
    #[default]
    Default,
    /// This signal.
    Explicit(Signal),
    /// None: the child is killed after the timeout.
    Disabled,
}

/// What happens to the child process after a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnChange {
    /// It is restarted.
    #[default]
    Restart,
    /// It receives this signal.
    Signal(Signal),
    /// Nothing: it watches its files itself.
    Nothing,
}

impl KillSignal {
    /// The signal, given the one that stops ctmpl, if one does.
    #[must_use]
    pub fn signal(self, asked: Option<Signal>) -> Option<Signal> {
        match self {
            Self::Default => asked
                .filter(|asked| PASSED_ON.contains(asked))
                .or(Some(DEFAULT)),
            Self::Explicit(signal) => Some(signal),
            Self::Disabled => None,
        }
    }

    /// All signals that it can be.
    #[must_use]
    pub fn signals(self) -> Vec<Signal> {
        match self {
            Self::Default => PASSED_ON.to_vec(),
            Self::Explicit(signal) => vec![signal],
            Self::Disabled => Vec::new(),
        }
    }
}

impl FromStr for OnChange {
    type Err = SignalError;

    /// The empty text is the same as no key, as consul-template documents it.
    fn from_str(text: &str) -> Result<Self, SignalError> {
        if text.is_empty() {
            return Ok(Self::Restart);
        }
        text.parse()
            .map(|SignalName(signal)| signal.map_or(Self::Nothing, Self::Signal))
    }
}

impl FromNode for OnChange {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        position.parse(position.text(node, "the name of a signal in quotes")?)
    }

    fn shape() -> Shape {
        SignalName::shape()
    }
}

impl Value for OnChange {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        input.parse()
    }

    fn shown(&self) -> Option<String> {
        Some(quoted(match self {
            Self::Restart => "",
            Self::Signal(signal) => signal.as_str(),
            Self::Nothing => "SIGNULL",
        }))
    }
}
