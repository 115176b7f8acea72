//! Resolves templates.
//!
//! Input: [`TemplateBlock`]s, and the settings for all templates. Output: [`Job`]s.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use config_blocks::{Block as _, Error, Labelled, Located, Origin, Setting, filled, is_on, value};

use super::command::CommandSettings;
use super::exec::globs;
use super::group::Groups;
use super::permissions::permissions;
use super::{limits, logging, standard_streams};
use crate::config::error::ConfigError;
use crate::config::layer::{ConfigLayer, DelimitersBlock, GroupBlock, TemplateBlock};
use crate::config::resolved::{Job, Mode, OnError, RENDER_TIMEOUT};
use crate::config::values::format_of;
use crate::config::wait::{Settle, Wait, WaitBlock};
use consul_render::{Permissions, TemplateOptions, TemplateSource};
use file_writer::WriteMode;
use gotemplate::{Delimiters, MissingKey};
use group_apply::options::{CommandConfig, CommandOutput, FileConfig, STANDARD_OUTPUT};

/// Longer than any process lives.
const NO_LIMIT: Duration = Duration::from_secs(u32::MAX as u64);

/// The settings for every template that sets none of its own.
pub(super) struct Common {
    mode: Mode,
    /// Files are written at all.
    writes: bool,
    /// Templates are read, but not rendered.
    parses_only: bool,
    settle: Option<Settle>,
    /// Permissions beyond rendering.
    allow: Permissions,
    error_fatal: Option<Located<bool>>,
    command_output: CommandOutput,
    /// The keys that a template has where it sets none of its own.
    defaults: TemplateBlock,
}

impl Common {
    /// Returns `true` if files are written.
    pub(super) fn writes(&self) -> bool {
        self.writes
    }

    pub(super) fn of(layer: &ConfigLayer, mode: Mode) -> Result<Self, Error> {
        let DelimitersBlock { left, right } = layer.default_delimiters.clone();
        let write = layer.write.clone();
        // One that is not valid is refused even if no template has it.
        limits::flap_damping(layer.flap_damping.clone())?;
        Ok(Self {
            mode,
            writes: !is_on(layer.dry.as_ref()) && !is_on(layer.parse_only.as_ref()),
            parses_only: is_on(layer.parse_only.as_ref()),
            settle: timer(layer.wait.clone())?.and_then(Wait::settle),
            allow: permissions(layer.allow.as_ref())?,
            error_fatal: layer.template_error_fatal.clone(),
            command_output: value(layer.command_output.clone())
                .unwrap_or_else(|| logging::command_output(layer)),
            defaults: TemplateBlock {
                left_delimiter: left,
                right_delimiter: right,
                format: layer.format.clone(),
                output_format: layer.output_format.clone(),
                sandbox_path: layer.sandbox_path.clone(),
                write: Some(write.unwrap_or_else(|| Origin::Default.locate(WriteMode::default()))),
                guard: layer.guard.clone(),
                flap_damping: layer.flap_damping.clone(),
                render_timeout: layer.render_timeout.clone(),
                ..TemplateBlock::default()
            },
        })
    }

    /// Lays a template over the keys that are the same for all templates. An empty value is none.
    fn complete(&self, mut block: TemplateBlock) -> TemplateBlock {
        block.left_delimiter = filled(block.left_delimiter);
        block.right_delimiter = filled(block.right_delimiter);
        block.sandbox_path = filled(block.sandbox_path);
        block.over(self.defaults.clone())
    }
}

/// Resolves every template and its group; two templates cannot write the same file.
pub(super) fn resolve_all(
    blocks: Vec<TemplateBlock>,
    groups: Vec<Labelled<GroupBlock>>,
    common: &Common,
    warnings: &mut Vec<String>,
) -> Result<Vec<Job>, ConfigError> {
    let mut groups = Groups::of(groups, common.command_output)?;
    let mut members = Vec::with_capacity(blocks.len());
    let mut jobs: Vec<Job> = Vec::with_capacity(blocks.len());
    let mut destinations: HashMap<PathBuf, usize> = HashMap::with_capacity(blocks.len());
    for mut block in blocks {
        let origin = block.origin.clone();
        let commands = CommandSettings::of(
            block.command_timeout.clone(),
            std::mem::take(&mut block.exec.env),
            common.command_output,
        )?;
        let member = groups.member(&mut block, &commands)?;
        let command = member.command.as_ref().map(|set| set.value.clone());
        members.push(member);
        let job = resolve(block, command, common)?;
        if let Some(destination) = &job.destination {
            match destinations.entry(normalized(destination)) {
                Entry::Vacant(entry) => drop(entry.insert(jobs.len())),
                Entry::Occupied(first) => {
                    return Err(ConfigError::SameDestination {
                        origin,
                        destination: destination.clone(),
                        first: jobs[*first.get()].source.name(),
                        second: job.source.name(),
                    });
                }
            }
        }
        jobs.push(job);
    }
    warnings.extend(groups.assign(&mut jobs, &members)?);
    Ok(jobs)
}

/// The quiescence timer; `None`: none is set.
fn timer(wait: Setting<WaitBlock>) -> Result<Option<Wait>, Error> {
    wait.map_or(Ok(None), |set| set.try_map(WaitBlock::wait))
}

fn resolve(
    block: TemplateBlock,
    command: Option<CommandConfig>,
    common: &Common,
) -> Result<Job, ConfigError> {
    let block = common.complete(block);
    let file = FileConfig::from(&block);
    let written = value(filled(block.destination));
    let is_printed = written.as_deref().is_some_and(standard_streams::is_output);
    let destination = if is_printed {
        Some(STANDARD_OUTPUT.into())
    } else {
        written.clone()
    };
    let source = source_of(
        value(filled(block.source)),
        value(filled(block.contents)),
        destination.as_deref(),
    );
    let source = source.ok_or_else(|| ConfigError::NoSource {
        origin: block.origin.clone(),
    })?;
    check_source(&block.origin, &source, common)?;
    limits::check_max_change(block.max_change.as_ref())?;
    check_destination(block.origin, &source, written.as_deref(), common)?;
    let language = value(block.language).unwrap_or_else(|| source.language());
    Ok(Job {
        source,
        command,
        group: None,
        settle: match common.mode {
            Mode::Once { .. } => None,
            Mode::Daemon => timer(block.wait)?.map_or(common.settle, Wait::settle),
        },
        guard: limits::guard(block.guard),
        flap_damping: limits::flap_damping(block.flap_damping)?,
        file,
        template: TemplateOptions {
            language,
            format: value(block.format)
                .unwrap_or_else(|| format_of(destination.as_deref(), language)),
            output_format: value(block.output_format),
            missing_key: match value(block.error_on_missing_key) {
                Some(true) => MissingKey::Error,
                Some(false) | None => MissingKey::Zero,
            },
            delimiters: delimiters(block.left_delimiter, block.right_delimiter),
            allow: common.allow,
            sandbox: value(filled(block.sandbox_path)).map(Into::into),
            denied: globs(block.function_denylist)?.into(),
        },
        destination,
        on_error: on_error(value(block.error_fatal), common.error_fatal.as_ref()),
        render_timeout: value(block.render_timeout).map_or(RENDER_TIMEOUT, render_timeout),
    })
}

fn delimiters(left: Setting<String>, right: Setting<String>) -> Delimiters {
    let default = Delimiters::default();
    Delimiters {
        left: value(filled(left)).unwrap_or(default.left),
        right: value(filled(right)).unwrap_or(default.right),
    }
}

/// A zero duration disables the limit.
fn render_timeout(timeout: Duration) -> Duration {
    if timeout.is_zero() { NO_LIMIT } else { timeout }
}

/// A flag overrides the setting of every template.
fn on_error(own: Option<bool>, common: Option<&Located<bool>>) -> OnError {
    let fatal = match common {
        Some(Located {
            value,
            origin: Origin::Flag(_),
        }) => Some(*value),
        common => own.or(common.map(|set| set.value)),
    };
    fatal.map_or(OnError::Default, |fatal| {
        if fatal {
            OnError::Fatal
        } else {
            OnError::Logged
        }
    })
}

/// Exactly one of the two must be there and not empty.
fn source_of(
    source: Option<PathBuf>,
    contents: Option<String>,
    destination: Option<&Path>,
) -> Option<TemplateSource> {
    match (source, contents) {
        (Some(path), None) if standard_streams::is_input(&path) => {
            Some(TemplateSource::StandardInput)
        }
        (Some(path), None) => Some(TemplateSource::File(path)),
        (None, Some(text)) => {
            let name = destination.map_or_else(
                || "inline".to_owned(),
                |path| format!("inline:{}", path.display()),
            );
            Some(TemplateSource::Inline { name, text })
        }
        (None, None) | (Some(_), Some(_)) => None,
    }
}

/// Standard input is read once, so a daemon cannot read it again after a change.
fn check_source(
    origin: &Origin,
    source: &TemplateSource,
    common: &Common,
) -> Result<(), ConfigError> {
    if *source == TemplateSource::StandardInput
        && common.mode == Mode::Daemon
        && !common.parses_only
    {
        return Err(ConfigError::ReadByDaemon {
            origin: origin.clone(),
        });
    }
    Ok(())
}

fn check_destination(
    origin: Origin,
    source: &TemplateSource,
    destination: Option<&Path>,
    common: &Common,
) -> Result<(), ConfigError> {
    match (destination, source) {
        (None, _) if !common.writes => Ok(()),
        (None, _) => Err(ConfigError::NoDestination {
            origin,
            template: match source {
                TemplateSource::StandardInput => "-".to_owned(),
                source => source.name(),
            },
        }),
        (Some(destination), _)
            if standard_streams::is_output(destination)
                && common.mode == Mode::Daemon
                && common.writes =>
        {
            Err(ConfigError::PrintedByDaemon {
                origin,
                template: source.name(),
                destination: destination.to_owned(),
            })
        }
        (Some(destination), _)
            if standard_streams::is_other_open_file(destination)
                && !standard_streams::is_output(destination) =>
        {
            Err(ConfigError::OpenFile {
                origin,
                template: source.name(),
                destination: destination.to_owned(),
            })
        }
        (Some(destination), TemplateSource::File(path))
            if normalized(path) == normalized(destination) =>
        {
            Err(ConfigError::OwnSource {
                origin,
                template: path.clone(),
            })
        }
        (Some(_), _) => Ok(()),
    }
}

/// A path without `./`. Links are not followed: the check reads no disk.
fn normalized(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| *part != Component::CurDir)
        .collect()
}
