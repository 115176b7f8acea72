//! One template, resolved.
//!
//! in:  a [`TemplateBlock`] and what holds for all templates
//! out: a [`Job`]; and whether all of them go together

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::duration::GoDuration;
use super::error::{ConfigError, Place, Said, ValueError};
use super::exec::{globs, resolve_environment};
use super::format;
use super::resolve::filled;
use super::resolved::{
    CommandConfig, CommandLine, Delimiters, FileConfig, Format, Job, Language, MissingKey, Mode,
    OnError, OutputFormat, Permissions, Settle, Source, WriteMode,
};
use super::wait::{self, Wait};
use super::written::{CommandBlock, EnvironmentBlock, TemplateBlock};

/// How long a command may run.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// What holds for every template that does not say otherwise.
pub(super) struct Common {
    pub(super) mode: Mode,
    /// Whether files are written at all.
    pub(super) writes: bool,
    pub(super) settle: Option<Settle>,
    pub(super) delimiters: Delimiters,
    /// What templates may do beside rendering.
    pub(super) allow: Permissions,
    /// `None`: by the name of the destination.
    pub(super) format: Option<Format>,
    pub(super) output_format: Option<OutputFormat>,
    /// The directory that templates may read files from.
    pub(super) sandbox: Option<PathBuf>,
    pub(super) write: WriteMode,
    pub(super) error_fatal: Option<Said<bool>>,
}

/// Resolves every template, and sees that no two of them write the same file.
pub(super) fn resolve_all(
    blocks: Vec<TemplateBlock>,
    common: &Common,
) -> Result<Vec<Job>, ConfigError> {
    let mut jobs: Vec<Job> = Vec::with_capacity(blocks.len());
    for block in blocks {
        let place = block.place.clone();
        let job = resolve(block, common)?;
        let twin = jobs.iter().find(
            |other| matches!((&other.destination, &job.destination), (Some(one), Some(two)) if same_path(one, two)),
        );
        if let (Some(twin), Some(destination)) = (twin, &job.destination) {
            return Err(ConfigError::SameDestination {
                place,
                destination: destination.clone(),
                first: name(&twin.source),
                second: name(&job.source),
            });
        }
        jobs.push(job);
    }
    Ok(jobs)
}

fn resolve(block: TemplateBlock, common: &Common) -> Result<Job, ConfigError> {
    let TemplateBlock {
        place,
        source,
        contents,
        destination,
        command,
        language,
        error_on_missing_key,
        left_delimiter,
        right_delimiter,
        wait,
        format,
        output_format,
        sandbox_path,
        command_timeout,
        environment,
        perms,
        user,
        group,
        backup,
        create_dest_dirs,
        write,
        function_denylist,
        error_fatal,
    } = block;
    let said = |path: &PathBuf| !path.as_os_str().is_empty();
    let sandbox = sandbox_path
        .filter(said)
        .or_else(|| common.sandbox.clone().filter(said));
    let destination = destination.filter(said);
    let source = source_of(source, contents, destination.as_deref()).ok_or_else(|| {
        ConfigError::NoSource {
            place: place.clone(),
        }
    })?;
    check_destination(place, &source, destination.as_deref(), common.writes)?;
    let language = language.unwrap_or_else(|| match &source {
        Source::File(path) => language_of(path),
        Source::Inline { .. } => Language::Go,
    });
    Ok(Job {
        language,
        format: format
            .or(common.format)
            .unwrap_or_else(|| format::of_destination(language, destination.as_deref())),
        output_format: output_format.or(common.output_format),
        source,
        destination,
        command: command_config(command, command_timeout, environment)?,
        settle: match common.mode {
            Mode::Once { .. } => None,
            Mode::Daemon => wait::said(wait)?.map_or(common.settle, Wait::settle),
        },
        file: FileConfig {
            mode: perms.map(|mode| mode.0).filter(|mode| *mode != 0),
            user,
            group,
            backup: backup.unwrap_or(false),
            make_directories: create_dest_dirs.unwrap_or(true),
            write: write.unwrap_or(common.write),
        },
        missing_key: if error_on_missing_key == Some(true) {
            MissingKey::Error
        } else {
            MissingKey::Zero
        },
        delimiters: Delimiters {
            left: filled(left_delimiter).unwrap_or_else(|| common.delimiters.left.clone()),
            right: filled(right_delimiter).unwrap_or_else(|| common.delimiters.right.clone()),
        },
        allow: common.allow,
        sandbox: sandbox.map(Into::into),
        denied: globs(function_denylist)?.into(),
        on_error: on_error(error_fatal, common.error_fatal.as_ref()),
    })
}

/// A flag is for all templates, whatever they say.
fn on_error(own: Option<bool>, common: Option<&Said<bool>>) -> OnError {
    let fatal = match common {
        Some(Said {
            value,
            place: Place::Flag(_),
        }) => Some(*value),
        common => own.or(common.map(|said| said.value)),
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
) -> Option<Source> {
    let source = source.filter(|path| !path.as_os_str().is_empty());
    match (source, contents.filter(|text| !text.is_empty())) {
        (Some(path), None) => Some(Source::File(path)),
        (None, Some(text)) => {
            let name = destination.map_or_else(
                || "inline".to_owned(),
                |path| format!("inline:{}", path.display()),
            );
            Some(Source::Inline { name, text })
        }
        (None, None) | (Some(_), Some(_)) => None,
    }
}

fn check_destination(
    place: Place,
    source: &Source,
    destination: Option<&Path>,
    writes: bool,
) -> Result<(), ConfigError> {
    match (destination, source) {
        (None, _) if !writes => Ok(()),
        (None, _) => Err(ConfigError::NoDestination {
            place,
            template: name(source),
        }),
        (Some(destination), Source::File(path)) if same_path(path, destination) => {
            Err(ConfigError::OwnSource {
                place,
                template: path.clone(),
            })
        }
        (Some(_), _) => Ok(()),
    }
}

fn name(source: &Source) -> String {
    match source {
        Source::File(path) => path.display().to_string(),
        Source::Inline { name, .. } => name.clone(),
    }
}

/// Whether two paths are written alike, but for `./`. Links are not followed: that would be a question to the disk.
fn same_path(one: &Path, two: &Path) -> bool {
    one.components()
        .filter(|part| *part != Component::CurDir)
        .eq(two.components().filter(|part| *part != Component::CurDir))
}

/// The language of a template, by its name: `.j2`, `.jinja` and `.jinja2` are Jinja, everything else is Go.
pub fn language_of(source: &Path) -> Language {
    let extension = source
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    if ["j2", "jinja", "jinja2"]
        .iter()
        .any(|jinja| extension.eq_ignore_ascii_case(jinja))
    {
        Language::Jinja
    } else {
        Language::Go
    }
}

fn command_config(
    block: Option<CommandBlock>,
    timeout: Option<Said<GoDuration>>,
    environment: EnvironmentBlock,
) -> Result<Option<CommandConfig>, ConfigError> {
    let line = block.and_then(command_line_of);
    let timeout = match timeout {
        None => COMMAND_TIMEOUT,
        Some(Said { value, place }) if value.0.is_zero() => {
            return Err(ConfigError::Value {
                place,
                source: ValueError::NoTime,
            });
        }
        Some(Said { value, .. }) => value.0,
    };
    let environment = resolve_environment(environment)?;
    Ok(line.map(|line| CommandConfig {
        line,
        timeout,
        environment,
    }))
}

/// A list of one is a line; an empty one is no command.
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

/// Blanks around a line mean nothing, so that two jobs share one run of it; blanks within make it the shell's.
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
