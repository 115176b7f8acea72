//! The four formats: HCL, JSON, YAML and TOML.
//!
//! Input: a text. Output: a [`Node`], or the line of the first syntax error.

mod hcl;
mod json;
mod toml;
mod yaml;

use std::path::Path;
use std::str::FromStr;

use crate::tree::{Malformed, Node};
pub use hcl::Comment;

/// The format of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// HCL, version 1.
    Hcl,
    /// JSON; a comma after the last item is accepted.
    Json,
    /// YAML, one document.
    Yaml,
    /// TOML.
    Toml,
}

/// A text that is not the name of a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no format {0:?}; write yaml, toml, hcl or json")]
pub struct FormatError(String);

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        match text.to_ascii_lowercase().as_str() {
            "hcl" => Ok(Self::Hcl),
            "json" => Ok(Self::Json),
            "yaml" | "yml" => Ok(Self::Yaml),
            "toml" => Ok(Self::Toml),
            _ => Err(FormatError(text.to_owned())),
        }
    }
}

impl Format {
    /// The name of the format, for errors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hcl => "HCL",
            Self::Json => "JSON",
            Self::Yaml => "YAML",
            Self::Toml => "TOML",
        }
    }

    /// The format of a file, by the extension of its name.
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Self> {
        path.extension()?.to_str()?.parse().ok()
    }

    /// The format of a text, by its first line that is not blank or a comment.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
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
            // `a = 1` is valid in both; HCL comes first.
            _ if hcl::parse(text).is_err() && toml::parse(text).is_ok() => Self::Toml,
            _ => Self::Hcl,
        }
    }

    /// Parses a text.
    ///
    /// # Errors
    /// [`Malformed`] with the line of the first syntax error. It shows no value, which may be a secret.
    pub fn parse(self, text: &str) -> Result<Node, Malformed> {
        match self {
            Self::Hcl => hcl::parse(text),
            Self::Json => json::parse(text),
            Self::Yaml => yaml::parse(text),
            Self::Toml => toml::parse(text),
        }
    }

    /// The comments of a text, if it is HCL; empty otherwise.
    #[must_use]
    pub fn comments(self, text: &str) -> Vec<Comment> {
        match self {
            Self::Hcl => hcl::comments(text),
            Self::Json | Self::Yaml | Self::Toml => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
