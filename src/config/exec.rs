//! The child that is kept running, and what programs find in their environment.
//!
//! in:  the `exec` block as written
//! out: an [`ExecConfig`], and an [`EnvironmentConfig`]

use std::str::FromStr;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::error::{ConfigError, Said, ValueError};
use super::glob::Glob;
use super::job::command_line_of;
use super::resolve::value;
use super::resolved::CommandLine;
use super::signal::{SignalError, SignalName};
use super::written::{EnvironmentBlock, ExecBlock};

/// As in consul-template.
const DEFAULT: Signal = Signal::SIGINT;
/// What ends ctmpl and then the child, where nothing is said. QUIT does not: it has a program dump its core or its threads.
const PASSED_ON: Signal = Signal::SIGTERM;
/// As in consul-template.
pub(super) const KILL_TIMEOUT: Duration = Duration::from_secs(30);

/// One program that is started when every file is written, and kept in step with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecConfig {
    /// What is run.
    pub line: CommandLine,
    /// What it finds in its environment.
    pub environment: EnvironmentConfig,
    /// What happens when a file has changed.
    pub on_change: OnChange,
    /// What asks it to end.
    pub kill_signal: KillSignal,
    /// How long it may take to end before it is made to.
    pub kill_timeout: Duration,
    /// A change waits for up to this long, at random, so that not all hosts act at once.
    pub splay: Duration,
}

/// What asks the child to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KillSignal {
    /// Nobody has said. Where ctmpl itself is asked by TERM, the child is asked by the same, as consul-template passes
    /// it on: many a program heeds TERM and simply dies of INT. Else it is INT, as in consul-template.
    #[default]
    Default,
    /// This one.
    Said(Signal),
    /// Nothing does.
    Nothing,
}

/// What happens to the child when a file has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnChange {
    /// It is ended and started anew.
    #[default]
    Restart,
    /// It is sent this signal.
    Signal(Signal),
    /// Nothing: it watches its files itself.
    Nothing,
}

impl KillSignal {
    /// The signal; `asked` is the one that has asked ctmpl to end, if one has.
    #[must_use]
    pub fn signal(self, asked: Option<Signal>) -> Option<Signal> {
        match self {
            Self::Default => asked.filter(|asked| *asked == PASSED_ON).or(Some(DEFAULT)),
            Self::Said(signal) => Some(signal),
            Self::Nothing => None,
        }
    }

    /// All that may come of it.
    #[must_use]
    pub fn signals(self) -> Vec<Signal> {
        match self {
            Self::Default => vec![DEFAULT, PASSED_ON],
            Self::Said(signal) => vec![signal],
            Self::Nothing => Vec::new(),
        }
    }
}

impl FromStr for OnChange {
    type Err = SignalError;

    /// The empty text means what leaving the key out means, as consul-template's documentation has it.
    fn from_str(text: &str) -> Result<Self, SignalError> {
        if text.is_empty() {
            return Ok(Self::Restart);
        }
        text.parse()
            .map(|SignalName(signal)| signal.map_or(Self::Nothing, Self::Signal))
    }
}

/// What a program finds in its environment beside what tells it how Consul is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EnvironmentConfig {
    /// Nothing of ours.
    pub pristine: bool,
    /// Of ours, only variables whose name is like one of these; empty: all.
    pub allow: Vec<Glob>,
    /// Of ours, no variable whose name is like one of these.
    pub deny: Vec<Glob>,
    /// Beside all that, these; may be secret.
    pub custom: Vec<Variable>,
}

/// A variable and its value.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, as it is.
    pub value: String,
}

/// Only the name: the value may be secret.
impl std::fmt::Debug for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}=…", self.name)
    }
}

impl EnvironmentConfig {
    /// Does a program see this variable of ours?
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

/// The child, if there is one.
pub(super) fn resolve(block: ExecBlock) -> Result<Option<ExecConfig>, ConfigError> {
    let ExecBlock {
        enabled,
        command,
        environment,
        kill_signal,
        kill_timeout,
        reload_signal,
        splay,
    } = block;
    let environment = resolve_environment(environment)?;
    // Nobody hears these; the first would end it, the second stop it for good.
    let unheard = |signal: Signal| matches!(signal, Signal::SIGKILL | Signal::SIGSTOP);
    if let Some(Said {
        value: OnChange::Signal(signal),
        place,
    }) = &reload_signal
        && unheard(*signal)
    {
        return Err(ConfigError::Value {
            place: place.clone(),
            source: ValueError::Unhandled(signal.as_str()),
        });
    }
    if let Some(Said {
        value: SignalName(Some(Signal::SIGSTOP)),
        place,
    }) = &kill_signal
    {
        return Err(ConfigError::Value {
            place: place.clone(),
            source: ValueError::Unhandled("SIGSTOP"),
        });
    }
    let line = command.and_then(|command| command_line_of(command.value));
    let enabled = value(enabled).unwrap_or(true);
    Ok(line.filter(|_| enabled).map(|line| ExecConfig {
        line,
        environment,
        on_change: value(reload_signal).unwrap_or_default(),
        kill_signal: value(kill_signal).map_or(KillSignal::Default, |SignalName(signal)| {
            signal.map_or(KillSignal::Nothing, KillSignal::Said)
        }),
        kill_timeout: value(kill_timeout).map_or(KILL_TIMEOUT, |limit| limit.0),
        splay: value(splay).map_or(Duration::ZERO, |splay| splay.0),
    }))
}

pub(super) fn resolve_environment(
    block: EnvironmentBlock,
) -> Result<EnvironmentConfig, ConfigError> {
    let EnvironmentBlock {
        pristine,
        custom,
        allowlist,
        denylist,
    } = block;
    Ok(EnvironmentConfig {
        pristine: value(pristine).unwrap_or(false),
        allow: globs(allowlist)?,
        deny: globs(denylist)?,
        custom: custom.into_iter().map(variable).collect::<Result<_, _>>()?,
    })
}

pub(super) fn globs(texts: Vec<Said<String>>) -> Result<Vec<Glob>, ConfigError> {
    let glob = |Said { value, place }: Said<String>| {
        value.parse::<Glob>().map_err(|error| ConfigError::Value {
            place,
            source: error.into(),
        })
    };
    texts.into_iter().map(glob).collect()
}

fn variable(Said { value, place }: Said<String>) -> Result<Variable, ConfigError> {
    match value.split_once('=') {
        Some((name, value))
            if !name.is_empty() && !name.contains('\0') && !value.contains('\0') =>
        {
            Ok(Variable {
                name: name.to_owned(),
                value: value.to_owned(),
            })
        }
        _ => Err(ConfigError::Value {
            place,
            source: ValueError::Variable,
        }),
    }
}
