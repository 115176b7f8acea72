//! How a template is read and rendered.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use config_blocks::{Choice, Glob};
use file_formats::{Format, OutputFormat};
use gotemplate::{Delimiters, MissingKey};
use safe_read::Sandbox;

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

    /// The language by the name of the file, see [`language_of`]; without a file Go.
    #[must_use]
    pub fn language(&self) -> Language {
        match self {
            Self::File(path) => language_of(path),
            Self::Inline { .. } | Self::StandardInput => Language::Go,
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

/// The language of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
#[choice(advice = "it should be \"go\" or \"jinja\"")]
pub enum Language {
    /// Go's text/template, with the functions of consul-template.
    Go,
    /// Jinja.
    Jinja,
}

/// The language of a template, by its name: `.j2`, `.jinja` and `.jinja2` are Jinja, everything else is Go.
#[must_use]
pub fn language_of(source: &Path) -> Language {
    let extension = source.extension().and_then(|extension| extension.to_str());
    match extension.unwrap_or_default().to_ascii_lowercase().as_str() {
        "j2" | "jinja" | "jinja2" => Language::Jinja,
        _ => Language::Go,
    }
}

/// How a template is read and rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateOptions {
    /// The language.
    pub language: Language,
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
}

impl TemplateOptions {
    /// Creates options without permissions and limits.
    #[must_use]
    pub fn new(language: Language) -> Self {
        Self {
            language,
            missing_key: MissingKey::default(),
            delimiters: Delimiters::default(),
            allow: Permissions::default(),
            format: Format::None,
            output_format: None,
            sandbox: None,
            denied: Arc::default(),
        }
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

/// The sandbox of a template, in this directory: for the files that it includes, and for those that it requests.
#[must_use]
pub fn sandbox(directory: &Path) -> Sandbox<'_> {
    Sandbox {
        directory,
        setting: "--sandbox-path",
    }
}
