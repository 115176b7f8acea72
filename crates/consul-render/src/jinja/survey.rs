//! Finds includes and calls of unknown functions in the source of a template, without rendering it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use minijinja::{Environment, Template};
use regex::Regex;

use super::includes::Includes;
use super::tags;
use crate::error::{Place, TemplateError};
use crate::functions::unsupported;
use crate::hints::{self, absent};

static INCLUDE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name = r#"(?:"([^"\\]+)"|'([^'\\]+)')"#;
    let after = r"\s*(?:[-+]?%\}|ignore\b|with\b|without\b|as\b|import\b)";
    Regex::new(&format!(
        r"\{{%[-+]?\s*(?:include|import|from|extends)\s+{name}{after}"
    ))
    .ok()
});

/// Names that exist only in certain contexts.
const CONTEXTUAL: [&str; 6] = ["loop", "caller", "super", "self", "varargs", "kwargs"];

/// An include with a literal name.
pub(super) struct Found {
    pub(super) name: String,
    /// The including template, and the byte offset of the name.
    pub(super) by: String,
    pub(super) at: usize,
}

/// Returns the includes of a template, recursively.
pub(super) fn includes(main: &str, files: &Includes) -> Vec<Found> {
    let mut found: Vec<Found> = named(main, &files.source(main).unwrap_or_default());
    let mut known: BTreeSet<String> = found.iter().map(|include| include.name.clone()).collect();
    let mut next = 0;
    while let Some(Found { name, .. }) = found.get(next) {
        // An error in a file is reported when it is compiled.
        if let Ok(Some(source)) = files.load(name) {
            for further in named(name, &source) {
                if known.insert(further.name.clone()) {
                    found.push(further);
                }
            }
        }
        next += 1;
    }
    found
}

fn named(by: &str, source: &str) -> Vec<Found> {
    let Some(include) = INCLUDE.as_ref() else {
        return Vec::new();
    };
    let found = |captures: regex::Captures<'_>| {
        let name = captures.get(1).or_else(|| captures.get(2))?;
        Some(Found {
            name: name.as_str().to_owned(),
            by: by.to_owned(),
            at: name.start(),
        })
    };
    include.captures_iter(source).filter_map(found).collect()
}

/// Returns an error for the first call of a name that neither the template nor the library defines.
pub(super) fn unknown_functions(
    name: &str,
    template: &Template<'_, '_>,
    environment: &Environment<'_>,
) -> Result<(), TemplateError> {
    let source = template.source();
    let unknown = unknown_calls(template, environment);
    let mut unknown = unknown.into_iter();
    match unknown.find(|(_, called)| !absent::is_failing(called, unsupported::in_jinja(called))) {
        None => Ok(()),
        Some((at, function)) => {
            let message = absent::message(function, None);
            let error = TemplateError::at(name, source, Place::of_byte(source, at), message);
            let tags = tags::read(source);
            let known = environment
                .globals()
                .map(|(name, _)| name)
                .chain(tags.declared());
            Err(error.with_hint(hints::jinja::for_function(function, known)))
        }
    }
}

/// Returns a warning for each call of a function that is unsupported or not allowed. `shown` is the
/// name of the template in messages.
pub(super) fn failing_calls(
    shown: &str,
    template: &Template<'_, '_>,
    environment: &Environment<'_>,
) -> Vec<TemplateError> {
    let source = template.source();
    let warning = |(at, name): (usize, &str)| {
        let known = unsupported::in_jinja(name);
        absent::is_failing(name, known)
            .then(|| absent::failing_call(shown, source, at, name, known))
    };
    unknown_calls(template, environment)
        .into_iter()
        .filter_map(warning)
        .collect()
}

/// Returns the calls of names that neither the template nor the library defines.
///
/// A template that extends another may use names of its parent, so its calls are checked only when
/// it renders.
fn unknown_calls<'s>(
    template: &'s Template<'_, '_>,
    environment: &Environment<'_>,
) -> Vec<(usize, &'s str)> {
    let source = template.source();
    if source.contains("extends") {
        return Vec::new();
    }
    let known: BTreeSet<&str> = environment
        .globals()
        .map(|(name, _)| name)
        .chain(CONTEXTUAL)
        .collect();
    let mut unknown = template.undeclared_variables(false);
    unknown.retain(|used| !known.contains(used.as_str()));
    if unknown.is_empty() {
        return Vec::new();
    }
    calls(&tags::read(source))
        .filter(|(_, called)| unknown.contains(*called))
        .collect()
}

/// The calls in a template: names before a parenthesis, inside a tag, that are neither methods nor filters.
fn calls<'s>(tags: &tags::Tags<'s>) -> impl Iterator<Item = (usize, &'s str)> {
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    tags.insides.iter().flat_map(move |(start, inside)| {
        let words = inside.match_indices(is_part);
        let begins = words.filter(move |(at, _)| !inside[..*at].ends_with(is_part));
        begins.filter_map(move |(at, _)| {
            let (before, rest) = inside.split_at(at);
            let end = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let is_call = after.trim_start().starts_with('(')
                && !before.ends_with('.')
                && !before.trim_end().ends_with('|');
            is_call.then_some((start + at, name))
        })
    })
}
