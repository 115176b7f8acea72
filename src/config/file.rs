//! Configuration files: HCL, JSON, YAML and TOML, all into one written shape.
//!
//! in:  the paths of files and directories, in order
//! out: a [`Written`] each; an error names file, line and key
//!
//! The format is told by the extension, else by what the file holds.

mod fields;
mod folder;
mod hcl;
mod json;
mod shape;
mod toml;
mod tree;
mod values;
mod yaml;

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use super::error::{ConfigError, Origin, Spot};
use super::written::Written;
use crate::safe_read;
pub(crate) use fields::{At, Fields, FromNode};
pub(super) use folder::{Found, find};
pub(super) use hcl::Comment;
pub(super) use shape::{Key, Later, Number, Shape, Spelling};
pub(crate) use tree::Node;
pub(super) use tree::{Entry, Value, float, integer};
use tree::{Lines, Malformed};

/// The largest file that is read; templates with a megabyte of `contents` fit in.
const LARGEST: u64 = 4 * 1024 * 1024;

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Hcl,
    Json,
    Yaml,
    Toml,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Hcl => "HCL",
            Self::Json => "JSON",
            Self::Yaml => "YAML",
            Self::Toml => "TOML",
        }
    }

    /// The format of a file of this name.
    fn of_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "hcl" => Some(Self::Hcl),
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }

    /// The format of a text, by its first line that says something.
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
            // `a = 1` is both, and HCL is what consul-template's files are in.
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

/// A file before anything is made of it.
pub(super) struct Source {
    /// Where it is from.
    pub(super) origin: Origin,
    /// What it is written in.
    pub(super) format: Format,
    /// What it holds.
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
        let origin = Origin::File(Arc::from(path));
        let format = Format::of_name(path);
        let mut text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let good = error.utf8_error().valid_up_to();
                let line = Lines::of(error.as_bytes()).line(good);
                let format = format.map_or("text", Format::name);
                return Err(malformed(
                    origin,
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
            // As consul-template has it: an HCL file may hold JSON, and the other way round.
            Some(Format::Hcl) if json => Format::Json,
            Some(Format::Json) if !json && hcl::parse(&text).is_ok() => Format::Hcl,
            Some(format) => format,
            None => Format::of_text(&text),
        };
        Ok(Self {
            origin,
            format,
            text,
        })
    }

    /// Its values.
    pub(super) fn tree(&self) -> Result<Node, ConfigError> {
        let Self {
            origin,
            format,
            text,
        } = self;
        format
            .parse(text)
            .map_err(|error| malformed(origin.clone(), format.name(), error))
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
pub(super) fn read(path: &Path) -> Result<Written, ConfigError> {
    let source = Source::load(path)?;
    written(&source.tree()?, source.origin)
}

/// Reads the text of a variable, which is HCL or JSON.
pub(super) fn read_variable(name: &'static str, text: &str) -> Result<Written, ConfigError> {
    let format = if text.trim_start().starts_with('{') {
        Format::Json
    } else {
        Format::Hcl
    };
    parse(Origin::Variable(name), format, text)
}

fn parse(origin: Origin, format: Format, text: &str) -> Result<Written, ConfigError> {
    let node = format
        .parse(text)
        .map_err(|error| malformed(origin.clone(), format.name(), error))?;
    written(&node, origin)
}

/// What the values of a file say.
pub(super) fn written(node: &Node, origin: Origin) -> Result<Written, ConfigError> {
    let (spot, later) = (fields::whole(origin), RefCell::default());
    let written = Written::from_node(
        node,
        At {
            spot: &spot,
            later: &later,
            keys: None,
        },
    )?;
    Ok(Written {
        later: later.into_inner(),
        ..written
    })
}

fn malformed(origin: Origin, format: &'static str, error: Malformed) -> ConfigError {
    let Malformed { line, reason } = error;
    ConfigError::Malformed {
        spot: Arc::new(Spot {
            origin,
            line,
            key: String::new(),
        }),
        format,
        reason,
    }
}

/// Reads a text, as if it were in a file of this name.
#[cfg(test)]
pub(super) fn read_text(name: &str, text: &str) -> Result<Written, ConfigError> {
    let format = Format::of_name(Path::new(name)).unwrap_or_else(|| Format::of_text(text));
    parse(Origin::File(Path::new(name).into()), format, text)
}

/// Reads a text in each format; for fuzzing, since none of them may ever panic.
#[doc(hidden)]
pub fn fuzz(text: &str) {
    for format in [
        Format::Hcl,
        Format::Json,
        Format::Yaml,
        Format::Toml,
        Format::of_text(text),
    ] {
        let _ = parse(Origin::Variable("FUZZ"), format, text);
    }
}

#[cfg(test)]
mod tests;
