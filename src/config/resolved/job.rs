//! A template with its destination and command.

use config_blocks::Glob;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use file_formats::{Format, OutputFormat};
pub use gotemplate::{Delimiters, MissingKey};

use super::command::CommandConfig;
use super::group::{GroupConfig, GroupKey};
pub use crate::config::layer::FileConfig;
use crate::config::values::{Drift, Language};
pub use crate::config::wait::Settle;
use answer_guard::{FlapDampingConfig, GuardConfig};

/// A template with its destination and command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The source of the template.
    pub source: TemplateSource,
    /// The language of the template.
    pub language: Language,
    /// The file to write; `None` only in a dry run, which prints the text.
    pub destination: Option<PathBuf>,
    /// The command to run after the file has changed; that of its group, if the group has a name.
    pub command: Option<CommandConfig>,
    /// The group with a name that the template belongs to; `None`: it is applied with the templates
    /// that have the same command.
    pub group: Option<Arc<GroupConfig>>,
    /// The quiescence timer; `None`: off.
    pub settle: Option<Settle>,
    /// When the loss of items in an answer is held back.
    pub guard: GuardConfig,
    /// When an instance that comes and goes is damped.
    pub flap_damping: FlapDampingConfig,
    /// How the file is written.
    pub file: FileConfig,
    /// The effect of a missing key of a map in a Go template.
    pub missing_key: MissingKey,
    /// The delimiters of actions in a Go template.
    pub delimiters: Delimiters,
    /// Permissions beyond rendering.
    pub allow: Permissions,
    /// The file format for which values are escaped.
    pub format: Format,
    /// The format that the output must parse as; `None`: any.
    pub output_format: Option<OutputFormat>,
    /// The directory outside of which the template cannot read files; `None`: no limit.
    pub sandbox: Option<Arc<Path>>,
    /// Patterns of functions that fail when they are called.
    pub denied: Arc<[Glob]>,
    /// The effect of a failure of the template on the process.
    pub on_error: OnError,
    /// The maximum time to read the source, and to render it once.
    pub render_timeout: Duration,
}

/// The default of `render_timeout`.
pub const RENDER_TIMEOUT: Duration = Duration::from_secs(10);

/// The effect of a failure on the process, if a template cannot be rendered with all data, or not be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The daemon continues with the file as it is; `-once` fails.
    #[default]
    Default,
    /// The process exits with an error.
    Fatal,
    /// The failure is logged only.
    Logged,
}

impl Job {
    /// Creates a job without a destination, a command and permissions.
    #[must_use]
    pub fn of_template(source: TemplateSource, language: Language) -> Self {
        Self {
            source,
            language,
            destination: None,
            command: None,
            group: None,
            settle: None,
            guard: GuardConfig::default(),
            flap_damping: FlapDampingConfig::default(),
            missing_key: MissingKey::default(),
            delimiters: Delimiters::default(),
            allow: Permissions::default(),
            format: Format::None,
            output_format: None,
            sandbox: None,
            denied: Arc::default(),
            on_error: OnError::default(),
            render_timeout: RENDER_TIMEOUT,
            file: FileConfig::default(),
        }
    }

    /// The group that the template is applied with: the one that it names, or that of its command.
    #[must_use]
    pub fn applied_with(&self) -> Arc<GroupConfig> {
        let group = self.group.clone();
        group.unwrap_or_else(|| Arc::new(GroupConfig::of_job(self)))
    }

    /// The destination, if changes by other programs are noticed.
    #[must_use]
    pub fn watched_destination(&self) -> Option<&PathBuf> {
        let is_watched = self.file.drift != Drift::Ignore;
        let destination = self.destination.as_ref().filter(|_| is_watched)?;
        (destination.as_path() != Path::new(STANDARD_OUTPUT)).then_some(destination)
    }

    /// Returns `true` if another job renders its source in the same way. Destination and command may differ.
    #[must_use]
    pub fn reads_as(&self, other: &Self) -> bool {
        let Self {
            source,
            language,
            destination: _,
            command: _,
            group: _,
            settle: _,
            guard: _,
            flap_damping: _,
            file: _,
            missing_key,
            delimiters,
            allow,
            format,
            output_format,
            sandbox,
            denied,
            on_error: _,
            render_timeout: _,
        } = self;
        *source == other.source
            && *language == other.language
            && *missing_key == other.missing_key
            && *delimiters == other.delimiters
            && *allow == other.allow
            && *denied == other.denied
            && *format == other.format
            && *output_format == other.output_format
            && *sandbox == other.sandbox
    }
}

impl GroupConfig {
    /// Creates the group of a template that names none.
    #[must_use]
    pub fn of_job(job: &Job) -> Self {
        let command = job.command.clone().map(Self::of_command);
        command.unwrap_or_else(|| {
            let destination = job.destination.as_deref().unwrap_or("-".as_ref());
            Self::of_key(GroupKey::Alone(destination.to_string_lossy().into()))
        })
    }
}

/// Permissions of templates beyond rendering; by default none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// `plugin`: run programs.
    pub plugin: bool,
    /// `writeToFile`: write other files than the destination.
    pub write_to_file: bool,
}

impl Permissions {
    /// All permissions.
    pub const ALL: Self = Self {
        plugin: true,
        write_to_file: true,
    };

    /// Returns `true` if a template may call the function with this Go name.
    #[must_use]
    pub fn allow(self, function: &str) -> bool {
        match function {
            "plugin" => self.plugin,
            "writeToFile" => self.write_to_file,
            _ => true,
        }
    }
}

/// The destination that stands for standard output.
pub const STANDARD_OUTPUT: &str = "-";

/// The source of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TemplateSource {
    /// A file, watched for changes.
    File(PathBuf),
    /// A text in the configuration, with the name under which errors show it.
    Inline {
        /// The name in error messages.
        name: String,
        /// The template.
        text: String,
    },
    /// Standard input, read once.
    StandardInput,
}

impl TemplateSource {
    /// The name in messages: the path, or the name of the text.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Inline { name, .. } => name.clone(),
            Self::StandardInput => "standard input".to_owned(),
        }
    }

    /// The file; `None` for a source without one.
    #[must_use]
    pub fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Inline { .. } | Self::StandardInput => None,
        }
    }
}
