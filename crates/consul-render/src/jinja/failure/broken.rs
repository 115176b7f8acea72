//! An error of minijinja together with its template.

use minijinja::{Environment, Error, ErrorKind};

use crate::jinja::includes::Includes;
use crate::jinja::tags::Tags;

/// An error with its template.
pub(super) struct Failure<'a> {
    pub(super) error: &'a Error,
    pub(super) source: &'a str,
    pub(super) tags: &'a Tags<'a>,
    pub(super) environment: &'a Environment<'a>,
    pub(super) includes: &'a Includes,
    /// `true` for the main template. An include can also access the variables of the including template.
    pub(super) is_main: bool,
}

/// A translated error.
#[derive(Default)]
pub(super) struct Explanation {
    pub(super) at: Option<usize>,
    pub(super) message: String,
    pub(super) within: Option<String>,
    pub(super) hint: Option<String>,
}

impl Failure<'_> {
    /// The byte offset of the error.
    pub(super) fn start(&self) -> Option<usize> {
        // An error without a line has no place, even if it has a range.
        let line = self.error.line()?;
        let name = quoted(self.detail()).filter(|name| !name.is_empty());
        match (self.error.range(), name) {
            // The place of the name instead of the tag.
            (Some(range), Some(name)) if self.error.kind() == ErrorKind::TemplateNotFound => Some(
                range.start
                    + self
                        .source
                        .get(range.clone())
                        .and_then(|tag| tag.find(name))
                        .unwrap_or(0),
            ),
            (Some(range), _) => Some(range.start),
            (None, name) => {
                let before: usize = self
                    .source
                    .split_inclusive('\n')
                    .take(line - 1)
                    .map(str::len)
                    .sum();
                let text = self.source.get(before..)?.lines().next()?;
                Some(before + text.find(name?)?)
            }
        }
    }

    /// The source text at the error.
    pub(super) fn at(&self) -> &str {
        self.error
            .range()
            .and_then(|range| self.source.get(range))
            .unwrap_or_default()
    }

    /// minijinja's message.
    pub(super) fn detail(&self) -> &str {
        self.error.detail().unwrap_or_default()
    }

    /// The name of the called function.
    pub(super) fn called(&self) -> Option<&str> {
        let name = self.at().split('(').next().unwrap_or_default().trim();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        is_name.then_some(name)
    }
}

/// The first quoted text in a message.
pub(super) fn quoted(detail: &str) -> Option<&str> {
    detail.split(['"', '\'']).nth(1)
}

/// The name in `NAME is unknown` or `filter NAME is unknown`.
pub(super) fn unknown(detail: &str) -> &str {
    let name = detail.strip_suffix(" is unknown").unwrap_or(detail);
    name.strip_prefix("filter ")
        .or_else(|| name.strip_prefix("test "))
        .unwrap_or(name)
}

/// Returns `true` for a message of the standard library's number parsers.
pub(super) fn is_no_number(detail: &str) -> bool {
    ["invalid float literal", "invalid digit found in string"].contains(&detail)
}
