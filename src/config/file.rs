//! Reads configuration files: HCL, JSON, YAML and TOML.
//!
//! Input: the path of a file. Output: a [`ConfigLayer`]; an error names file, line and key. The format is that of the
//! extension, else that of the content.

mod folder;
mod format;
mod hcl;
mod json;
mod toml;
mod yaml;

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use super::block::{FromNode as _, Position};
use super::error::{ConfigError, Document, Span};
use super::layer::ConfigLayer;
use super::tree::{Lines, Malformed, Node};
use crate::safe_read;
pub(super) use folder::{Found, find};
pub(super) use format::Format;
pub(super) use hcl::Comment;

/// The maximum size of a file; templates with a megabyte of `contents` fit in.
const LARGEST: u64 = 4 * 1024 * 1024;

impl Format {
    /// The format of a text, by its first line that is not blank or a comment.
    fn of_text(text: &str) -> Self {
        let says =
            |line: &&str| !line.is_empty() && !line.starts_with('#') && !line.starts_with("//");
        let first = text.lines().map(str::trim).find(says).unwrap_or_default();
        let name = first.trim_start_matches(|letter: char| {
            letter.is_alphanumeric() || matches!(letter, '_' | '-')
        });
        let yaml = first.len() > name.len() && (name == ":" || name.starts_with(": "));
        match first.as_bytes() {
            [b'{', ..] => Self::Json,
            [b'[', ..] => Self::Toml,
            [b'-', b'-', b'-', ..] => Self::Yaml,
            _ if yaml => Self::Yaml,
            // `a = 1` is valid in both; consul-template's files are HCL.
            _ if hcl::parse(text).is_err() && toml::parse(text).is_ok() => Self::Toml,
            _ => Self::Hcl,
        }
    }

    fn parse(self, text: &str) -> Result<Node, Malformed> {
        match self {
            Self::Hcl => hcl::parse(text),
            Self::Json => json::parse(text),
            Self::Yaml => yaml::parse(text),
            Self::Toml => toml::parse(text),
        }
    }
}

/// The text of a file.
pub(super) struct Source {
    /// The file.
    pub(super) document: Document,
    /// Its format.
    pub(super) format: Format,
    /// Its text.
    pub(super) text: String,
}

impl Source {
    /// Loads a file.
    pub(super) fn load(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > LARGEST {
            let what = format!("it has {size} bytes; a configuration has at most {LARGEST}");
            return Err(unreadable(std::io::Error::new(
                std::io::ErrorKind::FileTooLarge,
                what,
            )));
        }
        let bytes = safe_read::read(path).map_err(unreadable)?;
        let document = Document::File(Arc::from(path));
        let format = Format::of_name(path);
        let mut text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let line = Lines::of(error.as_bytes()).line(good);
                let format = format.map_or("text", Format::name);
                return Err(malformed(
                    document,
                    format,
                    Malformed::new(line, "it is not UTF-8"),
                ));
            }
        };
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        let json = text.trim_start().starts_with('{');
        let format = match format {
            // As in consul-template, an HCL file may contain JSON, and a JSON file HCL.
            Some(Format::Hcl) if json => Format::Json,
            Some(Format::Json) if !json && hcl::parse(&text).is_ok() => Format::Hcl,
            Some(format) => format,
            None => Format::of_text(&text),
        };
        Ok(Self {
            document,
            format,
            text,
        })
    }

    /// Parses it.
    pub(super) fn tree(&self) -> Result<Node, ConfigError> {
        let Self {
            document,
            format,
            text,
        } = self;
        format
            .parse(text)
            .map_err(|error| malformed(document.clone(), format.name(), error))
    }

    /// Its comments, if it is HCL.
    pub(super) fn comments(&self) -> Vec<Comment> {
        if self.format == Format::Hcl {
            hcl::comments(&self.text)
        } else {
            Vec::new()
        }
    }
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<ConfigLayer, ConfigError> {
    let source = Source::load(path)?;
    layer(&source.tree()?, source.document)
}

/// Reads the text of a variable, which is HCL or JSON.
pub(super) fn read_variable(name: &'static str, text: &str) -> Result<ConfigLayer, ConfigError> {
    let format = if text.trim_start().starts_with('{') {
        Format::Json
    } else {
        Format::Hcl
    };
    parse(Document::Variable(name), format, text)
}

fn parse(document: Document, format: Format, text: &str) -> Result<ConfigLayer, ConfigError> {
    let node = format
        .parse(text)
        .map_err(|error| malformed(document.clone(), format.name(), error))?;
    layer(&node, document)
}

/// Reads the layer from the tree of a file.
pub(super) fn layer(node: &Node, document: Document) -> Result<ConfigLayer, ConfigError> {
    let (span, unsupported) = (Span::whole(document), RefCell::default());
    let layer = ConfigLayer::from_node(node, Position::new(&span, &unsupported))?;
    Ok(ConfigLayer {
        unsupported: unsupported.into_inner(),
        ..layer
    })
}

fn malformed(document: Document, format: &'static str, error: Malformed) -> ConfigError {
    let Malformed { line, reason } = error;
    ConfigError::Malformed {
        span: Arc::new(Span {
            document,
            line,
            key: String::new(),
        }),
        format,
        reason,
    }
}

/// Reads a text as a file of this name.
#[cfg(test)]
pub(super) fn read_text(name: &str, text: &str) -> Result<ConfigLayer, ConfigError> {
    let format = Format::of_name(Path::new(name)).unwrap_or_else(|| Format::of_text(text));
    parse(Document::File(Path::new(name).into()), format, text)
}

/// For fuzzing: reads a text in each format, without a panic.
#[doc(hidden)]
pub fn fuzz(text: &str) {
    for format in [
        Format::Hcl,
        Format::Json,
        Format::Yaml,
        Format::Toml,
        Format::of_text(text),
    ] {
        let _ = parse(Document::Variable("FUZZ"), format, text);
    }
}

#[cfg(test)]
mod tests;
