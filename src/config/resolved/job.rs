//! One template: where it comes from, what becomes of it, and what is done then.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use file_formats::{Format, OutputFormat};
pub use gotemplate::{Delimiters, MissingKey};

use crate::config::exec::{CommandLine, EnvironmentConfig};
use crate::config::glob::Glob;
pub use crate::config::layer::FileConfig;
use crate::config::values::Language;
pub use crate::config::wait::Settle;

/// One template: from where to where, and what to do then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Where the template comes from.
    pub source: Source,
    /// Which language it is in.
    pub language: Language,
    /// The file it is rendered to; `None` only in a dry run, where it is printed.
    pub destination: Option<PathBuf>,
    /// What is run when the file has changed.
    pub command: Option<CommandConfig>,
    /// How long changes are collected before the file is written; `None`: not at all.
    pub settle: Option<Settle>,
    /// What the file is like, beside its content.
    pub file: FileConfig,
    /// What a missing key of a map does in a Go template.
    pub missing_key: MissingKey,
    /// What opens and closes an action in a Go template.
    pub delimiters: Delimiters,
    /// What the template may do beside rendering.
    pub allow: Permissions,
    /// What the file is, so that no value can be more than a value in it.
    pub format: Format,
    /// What the file must be in order to be written; `None`: anything.
    pub output_format: Option<OutputFormat>,
    /// The directory in which every file must really lie that it reads; `None`: anywhere.
    pub sandbox: Option<Arc<Path>>,
    /// Patterns of functions that fail when they are called.
    pub denied: Arc<[Glob]>,
    /// What its failure means for the process.
    pub on_error: OnError,
    /// How long reading its source may take, and each pass over it.
    pub render_timeout: Duration,
}

/// The default of `render_timeout`.
pub const RENDER_TIMEOUT: Duration = Duration::from_secs(10);

/// What the failure of a template means for the process: of its rendering with all data there, or of its write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// A daemon goes on with the file as it is; a run that renders once fails.
    #[default]
    Default,
    /// The process ends, and has failed.
    Fatal,
    /// It is logged, and nothing else.
    Logged,
}

impl Job {
    /// A template alone: it is written nowhere, and may do nothing beside rendering.
    #[must_use]
    pub fn of_template(source: Source, language: Language) -> Self {
        Self {
            source,
            language,
            destination: None,
            command: None,
            settle: None,
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

    /// Does another job make the same template of its source? What becomes of the text may differ.
    #[must_use]
    pub fn reads_as(&self, other: &Self) -> bool {
        let Self {
            source,
            language,
            destination: _,
            command: _,
            settle: _,
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

/// What templates may do beside rendering; nothing, unless the operator says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// `plugin`: run programs.
    pub plugin: bool,
    /// `writeToFile`: write files beside the one they are rendered to.
    pub write_to_file: bool,
}

impl Permissions {
    /// Everything there is.
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

/// Where a template comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A file, watched for changes.
    File(PathBuf),
    /// A text in the configuration, with the name under which errors show it.
    Inline {
        /// The name in error messages.
        name: String,
        /// The template.
        text: String,
    },
}

/// A command and its limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommandConfig {
    /// What is run.
    pub line: CommandLine,
    /// After how long it is asked to stop, then made to.
    pub timeout: Duration,
    /// What it finds in its environment.
    pub environment: EnvironmentConfig,
}
