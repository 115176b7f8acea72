//! From a configuration of consul-template to one of ctmpl that means the same.
//!
//! in:  a file in HCL or JSON, as consul-template reads it
//! out: the same in YAML, TOML, HCL or JSON, and what there is to say about it
//!
//! consul-template takes more than ctmpl does, and some of it otherwise: so the values of the file are rewritten before
//! they become a configuration. What comes out is read as every file is, so it is one, or the error names the line.

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

use super::block::Block as _;
use super::error::{ConfigError, Document};
use super::file::{self, Format, Source};
use super::layer::ConfigLayer;
use super::show::show;
use rewrite::Rewriter;
use section::Section;

/// What a configuration is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notation {
    /// For which editors have the schema, and which keeps comments and texts of several lines.
    #[default]
    Yaml,
    /// The same, for whoever likes it better.
    Toml,
    /// Closest to what it was.
    Hcl,
    /// For programs; there are no comments in it.
    Json,
}

/// A text that names none.
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
    /// What was changed or means something else here, with its place; no value is shown.
    pub notes: Vec<String>,
    /// Nothing had to be left out that consul-template acts on.
    pub complete: bool,
}

/// Rewrites a file.
///
/// # Errors
/// When the file cannot be read, or holds what neither consul-template nor ctmpl takes.
pub fn migrate(path: &Path, notation: Notation) -> Result<Migration, ConfigError> {
    let source = Source::load(path)?;
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

/// What the values of a file become, when that is a configuration.
fn rewrite(source: &Source) -> Result<(Section, Rewriter), ConfigError> {
    let mut rewriter = Rewriter::new(source.document.clone());
    let tree = source.tree()?;
    let section = rewriter.whole(&tree, ConfigLayer::KEYS, source.comments());
    // What comes out has to be read again.
    file::layer(
        &section.as_ref().map_or(tree, Section::node),
        source.document.clone(),
    )?;
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

/// Rewrites a text in HCL, and reads what comes of it in each format; for fuzzing, since it is the same in all of them.
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
        let written = source
            .tree()
            .and_then(|tree| file::layer(&tree, source.document.clone()));
        let shown = show(written.unwrap_or_else(|error| panic!("{error}: {}", source.text)));
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
