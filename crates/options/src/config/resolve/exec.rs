//! Resolves the child process, and the environment of programs.

use std::time::Duration;

use config_blocks::{Error, Glob, Located, value};
use group_apply::options::{EnvironmentConfig, Variable};
use nix::sys::signal::Signal;
use process_tree::CommandLine;

use crate::config::error::ValueError;
use crate::config::exec::{ExecConfig, KillSignal, OnChange};
use crate::config::layer::{CommandBlock, EnvironmentBlock, ExecBlock};
use crate::config::signal::SignalName;

/// The default of consul-template.
const KILL_TIMEOUT: Duration = Duration::from_secs(30);

/// The child process, if there is one.
pub(super) fn resolve(block: ExecBlock) -> Result<Option<ExecConfig>, Error> {
    let ExecBlock {
        enabled,
        command,
        env,
        kill_signal,
        kill_timeout,
        reload_signal,
        splay,
        start_with,
        timeout: _,
    } = block;
    let environment = environment(env)?;
    // No process can handle these: the first kills it, the second stops it for good.
    let is_unhandled = |signal: Signal| matches!(signal, Signal::SIGKILL | Signal::SIGSTOP);
    if let Some(Located {
        value: OnChange::Signal(signal),
        origin,
    }) = &reload_signal
        && is_unhandled(*signal)
    {
        return Err(origin.refuse(ValueError::Unhandled(signal.as_str())));
    }
    if let Some(Located {
        value: SignalName(Some(Signal::SIGSTOP)),
        origin,
    }) = &kill_signal
    {
        return Err(origin.refuse(ValueError::Unhandled("SIGSTOP")));
    }
    let line = command.and_then(|command| command_line_of(command.value));
    let enabled = value(enabled).unwrap_or(true);
    Ok(line.filter(|_| enabled).map(|line| ExecConfig {
        line,
        environment,
        on_change: value(reload_signal).unwrap_or_default(),
        kill_signal: value(kill_signal).map_or(KillSignal::Default, |SignalName(signal)| {
            signal.map_or(KillSignal::Disabled, KillSignal::Explicit)
        }),
        kill_timeout: value(kill_timeout).unwrap_or(KILL_TIMEOUT),
        splay: value(splay).unwrap_or_default(),
        start_with: value(start_with).unwrap_or_default(),
    }))
}

pub(super) fn environment(block: EnvironmentBlock) -> Result<EnvironmentConfig, Error> {
    let EnvironmentBlock {
        pristine,
        custom,
        allowlist,
        denylist,
        whitelist: _,
        blacklist: _,
    } = block;
    Ok(EnvironmentConfig {
        pristine: value(pristine).unwrap_or(false),
        allow: globs(allowlist)?,
        deny: globs(denylist)?,
        custom: custom.into_iter().map(variable).collect::<Result<_, _>>()?,
    })
}

/// Patterns, without the blanks around them: no name has any.
pub(super) fn globs(texts: Vec<Located<String>>) -> Result<Vec<Glob>, Error> {
    let pattern = |text: Located<String>| text.map(|text| text.trim().to_owned()).parse();
    texts.into_iter().map(pattern).collect()
}

fn variable(Located { value, origin }: Located<String>) -> Result<Variable, Error> {
    let (name, content) = match value.split_once('=') {
        Some((name, content)) => (name, Some(content)),
        None => (value.as_str(), None),
    };
    if name.is_empty() || value.contains('\0') {
        return Err(origin.refuse(ValueError::Variable));
    }
    Ok(Variable {
        name: name.to_owned(),
        value: content.map(str::to_owned),
    })
}

/// A list of one is a command line; an empty list is no command.
pub(super) fn command_line_of(block: CommandBlock) -> Option<CommandLine> {
    match block {
        CommandBlock::Line(line) => command_line(&line),
        CommandBlock::List(words) => match words.as_slice() {
            [] => None,
            [line] => command_line(line),
            _ => Some(CommandLine::Direct(words)),
        },
    }
}

/// Blanks around a line are dropped, so that two jobs share one run of it; a line with blanks is for the shell.
fn command_line(line: &str) -> Option<CommandLine> {
    let line = line.trim();
    if line.is_empty() {
        None
    } else if line.contains(char::is_whitespace) {
        Some(CommandLine::Shell(line.to_owned()))
    } else {
        Some(CommandLine::Direct(vec![line.to_owned()]))
    }
}
