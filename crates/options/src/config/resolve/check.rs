//! Resolves the check before the swap, the verification after the command, and what follows from their failure.
//!
//! Input: the keys of a group, or those of a template. Output: [`ApplySettings`].

use std::path::PathBuf;
use std::time::Duration;

use config_blocks::{
    Choice as _, Error, Located, Origin, Setting, filled, first_origin, origin_of, value,
};
use url::Url;

use super::command::CommandSettings;
use super::exec::command_line_of;
use crate::config::error::GroupError;
use crate::config::layer::{CommandBlock, GroupBlock, TemplateBlock, VerifyBlock};
use crate::config::placeholders::{self, Used};
use crate::config::reload_rate::ReloadRateSetting;
use group_apply::options::{
    CheckConfig, CheckMethod, OnFailure, Probe, Program, ReloadRate, VerifyConfig,
};

/// The default timeout of a verification.
const VERIFY_TIMEOUT: Duration = Duration::from_secs(10);

/// The keys of a group that a template without a named group may have too, as written.
#[derive(Default)]
pub(super) struct ApplyKeys {
    check: Setting<CommandBlock>,
    check_tree: Setting<PathBuf>,
    verify: VerifyBlock,
    on_failure: Setting<OnFailure>,
    reload_rate: Setting<ReloadRateSetting>,
}

/// The same, resolved, each with its origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ApplySettings {
    pub(super) check: Setting<CheckConfig>,
    pub(super) verify: Setting<VerifyConfig>,
    pub(super) on_failure: Setting<OnFailure>,
    pub(super) rate: Setting<ReloadRate>,
}

impl ApplyKeys {
    /// Those of a group; its command and environment stay.
    pub(super) fn of_group(block: &mut GroupBlock) -> Self {
        take!(block: check, check_tree, verify, on_failure, reload_rate)
    }

    /// Those of a template.
    pub(super) fn of_template(block: &mut TemplateBlock) -> Self {
        take!(block: check, check_tree, verify, on_failure, reload_rate)
    }

    /// The first key that is set.
    pub(super) fn first(&self) -> Option<(&'static str, Origin)> {
        let keys = [
            ("check", origin_of(self.check.as_ref()).cloned()),
            ("check_tree", origin_of(self.check_tree.as_ref()).cloned()),
            ("verify", first_origin(&self.verify)),
            ("on_failure", origin_of(self.on_failure.as_ref()).cloned()),
            ("reload_rate", origin_of(self.reload_rate.as_ref()).cloned()),
        ];
        keys.into_iter()
            .find_map(|(key, origin)| Some((key, origin?)))
    }

    pub(super) fn resolve(self, settings: &CommandSettings) -> Result<ApplySettings, Error> {
        Ok(ApplySettings {
            check: check(self.check, filled(self.check_tree), settings)?,
            verify: verify(self.verify, settings)?,
            on_failure: self.on_failure,
            rate: self.reload_rate.map(|set| set.map(|rate| rate.0)),
        })
    }
}

fn check(
    check: Setting<CommandBlock>,
    tree: Setting<PathBuf>,
    settings: &CommandSettings,
) -> Result<Setting<CheckConfig>, Error> {
    if let Some(tree) = &tree
        && tree.value.parent().is_none()
    {
        return Err(tree.origin.refuse(GroupError::Tree));
    }
    let Some(Located {
        value: block,
        origin,
    }) = check
    else {
        return without_check(tree.as_ref());
    };
    let method = if let Some(program) = builtin(&block) {
        CheckMethod::Builtin(program, settings.timeout)
    } else {
        let Some(line) = command_line_of(block) else {
            return without_check(tree.as_ref());
        };
        let used = placeholders::used(&line).map_err(|error| origin.refuse(error))?;
        check_placeholders(used, &origin, config_blocks::origin_of(tree.as_ref()))?;
        CheckMethod::Command(settings.line(line))
    };
    let tree = value(tree);
    Ok(Some(origin.locate(CheckConfig { method, tree })))
}

fn without_check(tree: Option<&Located<PathBuf>>) -> Result<Setting<CheckConfig>, Error> {
    match tree {
        Some(tree) => Err(tree.origin.refuse(GroupError::TreeWithoutCheck)),
        None => Ok(None),
    }
}

/// The program with a check that is built in, if its name is the whole text.
fn builtin(block: &CommandBlock) -> Option<Program> {
    let CommandBlock::Line(line) = block else {
        return None;
    };
    let mut all = Program::ALL.iter();
    all.find(|(name, _)| *name == line.trim())
        .map(|(_, program)| *program)
}

/// Refuses a check that does not see the staged files, and a tree that it does not use.
fn check_placeholders(used: Used, check: &Origin, tree: Option<&Origin>) -> Result<(), Error> {
    match tree {
        _ if !(used.staged || used.tree) => Err(check.refuse(GroupError::ChecksNothing)),
        None if used.tree => Err(check.refuse(GroupError::NoTree)),
        Some(tree) if !used.tree => Err(tree.refuse(GroupError::UnusedTree)),
        _ => Ok(()),
    }
}

fn verify(block: VerifyBlock, settings: &CommandSettings) -> Result<Setting<VerifyConfig>, Error> {
    let Some(origin) = first_origin(&block) else {
        return Ok(None);
    };
    let VerifyBlock {
        origin: _,
        program,
        pid_file,
        http,
        expect,
        command,
        timeout,
    } = block;
    refuse_without("program", program.is_some(), origin_of(pid_file.as_ref()))?;
    refuse_without("http", http.is_some(), origin_of(expect.as_ref()))?;
    let timeout = match timeout {
        Some(set) if set.value.is_zero() => return Err(set.origin.refuse(GroupError::NoTime)),
        timeout => value(timeout).unwrap_or(VERIFY_TIMEOUT),
    };
    let probe = match (program, http, command) {
        (Some(program), None, None) => match program.value {
            Program::Apache => return Err(program.origin.refuse(GroupError::NoVerification)),
            program => Probe::Builtin {
                program,
                pid_file: value(filled(pid_file)),
            },
        },
        (None, Some(http), None) => Probe::Http {
            url: http.try_map(|text| url(&text))?,
            expect: expect.map_or(Ok(200), |set| set.try_map(status))?,
        },
        (None, None, Some(command)) => {
            let settings = CommandSettings {
                timeout,
                ..settings.clone()
            };
            match command_line_of(command.value) {
                Some(line) => Probe::Command(settings.line(line)),
                None => return Err(origin.refuse(GroupError::NoMethod)),
            }
        }
        (None, None, None) => return Err(origin.refuse(GroupError::NoMethod)),
        (Some(first), Some(Located { origin, .. }), _) => {
            return Err(origin.refuse(GroupError::Methods(first.origin)));
        }
        (Some(Located { origin: first, .. }), _, Some(last))
        | (None, Some(Located { origin: first, .. }), Some(last)) => {
            return Err(last.origin.refuse(GroupError::Methods(first)));
        }
    };
    Ok(Some(origin.locate(VerifyConfig { probe, timeout })))
}

/// Refuses a key that has no effect without another one.
fn refuse_without(other: &'static str, has_other: bool, key: Option<&Origin>) -> Result<(), Error> {
    match key {
        Some(key) if !has_other => Err(key.refuse(GroupError::Without(other))),
        _ => Ok(()),
    }
}

/// A URL without user and password: the log may show it.
fn url(text: &str) -> Result<Url, GroupError> {
    let url = http_url(text)?;
    if url.username().is_empty() && url.password().is_none() {
        Ok(url)
    } else {
        Err(GroupError::Credentials)
    }
}

/// A URL of HTTP.
pub(super) fn http_url(text: &str) -> Result<Url, GroupError> {
    let url = Url::parse(text).map_err(|_| GroupError::Url)?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    is_http.then_some(url).ok_or(GroupError::Url)
}

fn status(number: u32) -> Result<u16, GroupError> {
    let status = u16::try_from(number)
        .ok()
        .filter(|status| (100..600).contains(status));
    status.ok_or(GroupError::Status(number))
}

/// Returns `true` if the check cannot stand for several files.
pub(super) fn is_for_one_file(check: &CheckConfig) -> bool {
    let CheckMethod::Command(command) = &check.method else {
        return false;
    };
    placeholders::used(&command.line).is_ok_and(|used| used.part_of_word)
}
