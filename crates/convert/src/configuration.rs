//! Rewrites a configuration of consul-template as one of ctmpl with the same meaning.
//!
//! Input: a file in HCL or JSON, as consul-template reads it. Output: the same in YAML, TOML, HCL or JSON, and notes.
//!
//! consul-template accepts more than ctmpl, and reads some values differently, so the values are rewritten before they
//! become a configuration. Read the [`Migration::tree`] to know whether it is valid: it has the lines of the file.

mod comments;
mod hcl;
mod json;
mod notes;
mod page;
mod rewrite;
mod rules;
mod section;
mod template;
mod toml;
mod yaml;

use std::path::Path;

use config_blocks::{Error, Format, Key, Node, Source};

use notes::Notes;
use rewrite::Rewriter;
use section::Section;

/// The program that reads the result.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The keys that it knows.
    pub keys: &'static [Key],
    /// Returns `true` if it takes a template of this name for Jinja.
    pub is_jinja: fn(&Path) -> bool,
}

/// A configuration that was rewritten.
#[derive(Clone, Debug)]
pub struct Migration {
    /// The configuration, with the lines of the original.
    pub tree: Node,
    section: Section,
    /// What was changed or differs in ctmpl, with its position; no value is shown.
    pub notes: Vec<String>,
    /// Nothing that has an effect in consul-template was left out.
    pub complete: bool,
}

impl Migration {
    /// The configuration as text, with the comments of the original; JSON has none.
    #[must_use]
    pub fn write(&self, format: Format) -> String {
        write(&self.section, format)
    }
}

/// Rewrites a file.
///
/// # Errors
/// If the file is not in its format.
pub fn migrate(source: &Source, target: Target) -> Result<Migration, Error> {
    let mut rewriter = Rewriter::new(source.document.clone(), target.is_jinja);
    let original = source.tree()?;
    let section = rewriter.whole(&original, target.keys, source.comments());
    let Notes { all, complete, .. } = rewriter.notes;
    Ok(Migration {
        // If it is no block, reading it says so.
        tree: section.as_ref().map_or(original, Section::node),
        section: section.unwrap_or_default(),
        notes: all,
        complete,
    })
}

fn write(section: &Section, format: Format) -> String {
    match format {
        Format::Yaml => yaml::write(section),
        Format::Toml => toml::write(section),
        Format::Hcl => hcl::write(section),
        Format::Json => json::write(section),
    }
}

#[cfg(test)]
mod tests;
