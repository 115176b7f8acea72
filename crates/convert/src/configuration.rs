//! Rewrites a configuration of consul-template to one of ctmpl with the same meaning.
//!
//! Input: a file in HCL or JSON, as consul-template reads it. Output: the same configuration in
//! YAML, TOML, HCL or JSON, and notes about changes.
//!
//! consul-template accepts more than ctmpl, and interprets some values differently, so values are
//! rewritten first. To validate the result, read the [`Migration::tree`]; it has the line numbers
//! of the file.

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
    /// The known keys.
    pub keys: &'static [Key],
    /// Returns `true` if the program reads a template of this name as Jinja.
    pub is_jinja: fn(&Path) -> bool,
}

/// A rewritten configuration.
#[derive(Clone, Debug)]
pub struct Migration {
    /// The configuration, with the line numbers of the original.
    pub tree: Node,
    section: Section,
    /// Changes, and differences in ctmpl, with their positions. They contain no values.
    pub notes: Vec<String>,
    /// Whether everything that has an effect in consul-template is included.
    pub complete: bool,
}

impl Migration {
    /// Returns the configuration as text, with the comments of the original; JSON has none.
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
        // A file that is not a block is refused when the tree is read.
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
