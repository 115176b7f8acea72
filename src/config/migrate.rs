//! Rewrites a configuration of consul-template as one of ctmpl with the same meaning.
//!
//! Input: a file in HCL or JSON, as consul-template reads it. Output: the same in YAML, TOML, HCL or JSON, and notes.
//!
//! consul-template accepts more than ctmpl, and reads some values differently, so the values are rewritten before they
//! become a configuration. The result is read like every file: it is valid, or the error names the line.

mod comments;
mod hcl;
mod json;
mod page;
mod rewrite;
mod rules;
mod section;
mod toml;
mod yaml;

use std::path::Path;
use std::str::FromStr;

use config_blocks::{Block as _, Document, Format, Source};

use super::error::ConfigError;
use super::file;
use super::layer::ConfigLayer;
use super::show::show;
use rewrite::Rewriter;
use section::Section;

/// The format of a configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notation {
    /// YAML, with comments, texts of several lines, and the schema in editors.
    #[default]
    Yaml,
    /// TOML, with comments.
    Toml,
    /// HCL, closest to the original.
    Hcl,
    /// JSON, without comments.
    Json,
}

/// A text that is not a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no format {0:?}; write yaml, toml, hcl or json")]
pub struct NotationError(String);

impl FromStr for Notation {
    type Err = NotationError;

    fn from_str(text: &str) -> Result<Self, NotationError> {
        match text.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Ok(Self::Yaml),
            "toml" => Ok(Self::Toml),
            "hcl" => Ok(Self::Hcl),
            "json" => Ok(Self::Json),
            _ => Err(NotationError(text.to_owned())),
        }
    }
}

/// A configuration that was rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The configuration.
    pub text: String,
    /// What was changed or differs in ctmpl, with its position; no value is shown.
    pub notes: Vec<String>,
    /// Nothing that has an effect in consul-template was left out.
    pub complete: bool,
}

/// Rewrites a file.
///
/// # Errors
/// If the file cannot be read, or contains what neither consul-template nor ctmpl accepts.
pub fn migrate(path: &Path, notation: Notation) -> Result<Migration, ConfigError> {
    let source = file::load(path)?;
    if !matches!(source.format, Format::Hcl | Format::Json) {
        return Err(ConfigError::NotMigratable {
            path: path.to_owned(),
        });
    }
    let (section, rewriter) = rewrite(&source)?;
    let (notes, complete) = rewriter.done();
    Ok(Migration {
        text: write(&section, notation),
        notes,
        complete,
    })
}

/// Rewrites the values of a file, if the result is a configuration.
fn rewrite(source: &Source) -> Result<(Section, Rewriter), ConfigError> {
    let mut rewriter = Rewriter::new(source.document.clone());
    let tree = source.tree()?;
    let section = rewriter.whole(&tree, ConfigLayer::KEYS, source.comments());
    // The result must be readable.
    let node = section.as_ref().map_or(tree, Section::node);
    ConfigLayer::from_document(&node, source.document.clone())?;
    Ok((section.unwrap_or_default(), rewriter))
}

fn write(section: &Section, notation: Notation) -> String {
    match notation {
        Notation::Yaml => yaml::write(section),
        Notation::Toml => toml::write(section),
        Notation::Hcl => hcl::write(section),
        Notation::Json => json::write(section),
    }
}

/// For fuzzing: a text in HCL is rewritten to the same configuration in each format.
#[doc(hidden)]
pub fn fuzz(text: &str) {
    let source = |format, text: &str| Source {
        document: Document::Variable("FUZZ"),
        format,
        text: text.to_owned(),
    };
    let Ok((section, _)) = rewrite(&source(Format::Hcl, text)) else {
        return;
    };
    let shown = |source: &Source| {
        let shown =
            show(file::layer(source).unwrap_or_else(|error| panic!("{error}: {}", source.text)));
        shown
            .lines()
            .map(|line| {
                line.split(" # ")
                    .next()
                    .unwrap_or_default()
                    .trim_end()
                    .to_owned()
            })
            .collect::<Vec<_>>()
    };
    let formats = [
        (Notation::Json, Format::Json),
        (Notation::Yaml, Format::Yaml),
        (Notation::Toml, Format::Toml),
        (Notation::Hcl, Format::Hcl),
    ];
    let all = formats.map(|(notation, format)| shown(&source(format, &write(&section, notation))));
    assert!(all.iter().all(|one| *one == all[0]), "{text}: {all:?}");
}

#[cfg(test)]
mod tests;
