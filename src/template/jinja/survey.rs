//! Finds in the source of a template, without rendering it, its includes and calls of unknown functions.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use minijinja::{Environment, Template};
use regex::Regex;

use super::includes::Includes;
use super::tags;
use crate::template::error::{Place, TemplateError};
use crate::template::functions::unsupported;
use crate::template::hints;

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
    /// The template that names it, and the byte.
    pub(super) by: String,
    pub(super) at: usize,
}

/// Reads the includes of a template and their includes.
pub(super) fn includes(main: &str, files: &Includes) -> Vec<Found> {
    let mut found: Vec<Found> = named(main, &files.source(main).unwrap_or_default());
    let mut next = 0;
    while let Some(Found { name, .. }) = found.get(next) {
        // An error in a file is reported when it is compiled.
        if let Ok(Some(source)) = files.load(name) {
            for further in named(name, &source) {
                if !found.iter().any(|known| known.name == further.name) {
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

/// Finds a call of a name that neither the template nor the library defines.
///
/// A template that extends another may use names that the other defines, so its calls are checked only when it renders.
pub(super) fn unknown_functions(
    name: &str,
    template: &Template<'_, '_>,
    environment: &Environment<'_>,
) -> Result<(), TemplateError> {
    let source = template.source();
    if source.contains("extends") {
        return Ok(());
    }
    let known: BTreeSet<&str> = environment
        .globals()
        .map(|(name, _)| name)
        .chain(CONTEXTUAL)
        .collect();
    let unknown = template
        .undeclared_variables(false)
        .into_iter()
        .filter(|used| !known.contains(used.as_str()));
    let calls = unknown.filter_map(|used| Some((call_of(source, &used)?, used)));
    match calls.min() {
        None => Ok(()),
        Some((at, function)) => {
            let message = hints::absent::message(&function, unsupported::in_jinja(&function));
            let error = TemplateError::at(name, source, Place::of_byte(source, at), message);
            let tags = tags::read(source);
            let known = environment
                .globals()
                .map(|(name, _)| name)
                .chain(tags.declared());
            Err(error.with_hint(hints::jinja::for_function(&function, known)))
        }
    }
}

/// The place where a template calls a name: inside a tag, before a parenthesis, neither as a method nor as a filter.
fn call_of(source: &str, name: &str) -> Option<usize> {
    let calls = source.match_indices(name).filter(|(at, name)| {
        let (before, after) = (&source[..*at], &source[at + name.len()..]);
        let opened = before.rfind("{{").max(before.rfind("{%"));
        let closed = before.rfind("}}").max(before.rfind("%}"));
        let whole = !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
        opened > closed
            && whole
            && !before.trim_end().ends_with('|')
            && after.trim_start().starts_with('(')
    });
    calls.map(|(at, _)| at).next()
}
