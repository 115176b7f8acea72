//! One template: where it comes from, what becomes of it, and what is done then.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use config_blocks::{
    Choice, Error, FromNode, Input, Node, Number, Pattern, Position, Reason, Shape, Spelling, Tree,
    Value, quoted,
};
use file_formats::{Format, OutputFormat};
pub use gotemplate::{Delimiters, MissingKey};

use crate::config::exec::{CommandLine, EnvironmentConfig};
use crate::config::glob::Glob;

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

/// What a file is like, beside its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileConfig {
    /// Its mode; `None`: that of the file that is replaced, else 0644.
    pub mode: Option<u32>,
    /// Its owner; `None`: that of the existing file, else the user of ctmpl.
    pub user: Option<Owner>,
    /// Its group; `None`: likewise.
    pub group: Option<Owner>,
    /// Whether what is replaced is kept beside it, with `.bak` after its name.
    pub backup: bool,
    /// Whether missing directories are made.
    pub make_directories: bool,
    /// How the new content comes to be in its place.
    pub write: WriteMode,
}

/// How the new content of a file comes to be in its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum WriteMode {
    /// The file is replaced; where that cannot be, it is written in place.
    #[default]
    Auto,
    /// The file is replaced, or nothing happens to it.
    Rename,
    /// The file is written in place; readers may see a mixture.
    InPlace,
}

impl Default for FileConfig {
    fn default() -> Self {
        Self {
            mode: None,
            user: None,
            group: None,
            backup: false,
            make_directories: true,
            write: WriteMode::Auto,
        }
    }
}

/// A user or a group. A name is looked up when the file is written: it may not exist where the configuration is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// By number.
    Id(u32),
    /// By name.
    Name(String),
}

impl FromNode for Owner {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        match &node.value {
            Tree::Number(_) => u32::from_node(node, position).map(Self::Id),
            Tree::Text(text) => Ok(text
                .parse()
                .map_or_else(|_| Self::Name(text.clone()), Self::Id)),
            _ => Err(position.wrong_kind(node, "a name or a number")),
        }
    }

    fn shape() -> Shape {
        let spelling = Spelling {
            name: "owner",
            pattern: Pattern::Of(|| "^[\\s\\S]*$".to_owned()),
            ..Spelling::default()
        };
        Shape {
            number: Some(Number::Natural),
            ..Shape::spelled(spelling)
        }
    }
}

impl Value for Owner {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        let text = input.last()?;
        Ok(text
            .parse()
            .map_or_else(|_| Self::Name(text.to_owned()), Self::Id))
    }

    fn shown(&self) -> Option<String> {
        Some(match self {
            Self::Id(number) => number.to_string(),
            Self::Name(name) => quoted(name),
        })
    }

    fn is_blank(&self) -> bool {
        matches!(self, Self::Name(name) if name.is_empty())
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

/// The language of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
#[choice(advice = "it should be \"go\" or \"jinja\"")]
pub enum Language {
    /// Go text/template, as consul-template has it.
    Go,
    /// Jinja.
    Jinja,
}

/// How long changes are collected: until it has been quiet for a while, but not longer than a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settle {
    /// Starts again with each change.
    pub quiet: Duration,
    /// Counts from the first change.
    pub most: Duration,
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
