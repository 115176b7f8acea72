//! Explains undefined values in Jinja templates.
//!
//! Input: an error about an undefined value, and the tags of the template. Output: the undefined
//! name with its place, the tag that declares it, and the probable name.

use std::sync::LazyLock;

use regex::Regex;

use super::broken::{Explanation, Failure};
use crate::error::Place;
use crate::jinja::tags::Tag;
use crate::nearest::did_you_mean;
use crate::records;
use gotemplate::record::Schema;

/// The maximum length of an expression that a message quotes, in bytes.
const MAX_QUOTED: usize = 60;

/// Translates an error about an undefined value.
pub(super) fn explain(failure: &Failure<'_>) -> Explanation {
    let (start, expression) = blamed(failure);
    let message = match expression {
        "" => "undefined value".to_owned(),
        long if long.len() > MAX_QUOTED || long.contains('\n') => "this is undefined".to_owned(),
        short => format!("{short} is undefined"),
    };
    let base = base(expression);
    if is_unknown(failure, base) {
        return Explanation {
            at: start,
            message: format!("{base} is undefined"),
            hint: for_name(failure, base),
            within: None,
        };
    }
    // The last name is the missing one.
    let last = expression
        .rfind('.')
        .filter(|at| is_name(&expression[at + 1..]));
    let attribute = last.map(|at| &expression[at + 1..]);
    let index = expression.rfind('[').filter(|_| expression.ends_with(']'));
    Explanation {
        at: start.map(|start| start + last.map(|at| at + 1).or(index).unwrap_or(0)),
        message,
        within: within(failure, expression),
        hint: attribute.and_then(|attribute| for_attribute(failure, expression, attribute)),
    }
}

/// The hint for an unknown name.
fn for_name(failure: &Failure<'_>, name: &str) -> Option<String> {
    let ended = failure
        .tags
        .all
        .iter()
        .find(|tag| tag.name == "for" && tag.names().any(|declared| declared == name));
    match ended {
        Some(tag) => {
            let line = Place::of_byte(failure.source, tag.at).line;
            Some(format!(
                "{name} exists only inside of the loop of line {line}"
            ))
        }
        None => did_you_mean(name, failure.tags.declared()),
    }
}

/// The tag that declares the first name of an expression.
pub(super) fn within(failure: &Failure<'_>, expression: &str) -> Option<String> {
    let tag = declaration(failure, expression)?;
    let shown = tag.shown();
    let line = Place::of_byte(failure.source, tag.at).line;
    (shown.len() <= 2 * MAX_QUOTED && !shown.contains('\n'))
        .then(|| format!("line {line}: {shown}"))
}

fn declaration<'a>(failure: &'a Failure<'_>, expression: &str) -> Option<Tag<'a>> {
    let place = failure.start()?;
    // A tag does not declare the names in its own expression.
    failure
        .tags
        .declaration_of(base(expression), place)
        .filter(|tag| !(tag.at..=tag.at + tag.shown().len()).contains(&place))
}

/// The undefined expression and its byte offset.
fn blamed<'a>(failure: &Failure<'a>) -> (Option<usize>, &'a str) {
    let Some(range) = failure
        .error
        .range()
        .filter(|_| failure.error.line().is_some())
    else {
        return (None, "");
    };
    let written = failure.source.get(range.clone()).unwrap_or_default();
    if written.starts_with(['[', '.']) {
        // minijinja reports only the last part. The undefined value is the one whose attribute was
        // requested.
        let before = beginning(failure.source, range.start);
        let whole = failure.source.get(before..range.end).unwrap_or(written);
        let without_last = whole
            .rfind(['.', '['])
            .filter(|at| *at > range.start - before);
        return (Some(before), without_last.map_or(whole, |at| &whole[..at]));
    }
    let is_longer = written.contains(char::is_whitespace) && !written.starts_with(['(', '"', '\'']);
    let (at, expression) = if is_longer {
        doubtful(failure, written).unwrap_or((0, ""))
    } else {
        (0, written)
    };
    (
        Some(range.start + at),
        first_missing(failure, expression).unwrap_or(expression),
    )
}

/// The only path in a longer expression, such as a condition, that may be undefined: `s.statsu`.
fn doubtful<'a>(failure: &Failure<'_>, written: &'a str) -> Option<(usize, &'a str)> {
    static PATH: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"'[^']*'|"[^"]*"|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"#).ok());
    let words = [
        "if",
        "elif",
        "and",
        "or",
        "not",
        "in",
        "is",
        "else",
        "defined",
        "undefined",
        "none",
        "for",
        "set",
    ];
    let found = PATH
        .as_ref()?
        .find_iter(written)
        .map(|found| (found.start(), found.as_str()));
    let mut found = found
        .filter(|(_, path)| !path.starts_with(['"', '\'']) && !words.contains(path))
        .filter(|(_, path)| {
            let attribute = path.rsplit_once('.').map(|(_, attribute)| attribute);
            let is_field =
                |name| records::all_fields().any(|field| field.jinja == name || field.go == name);
            is_unknown(failure, base(path))
                || attribute.is_some_and(|attribute| !is_field(attribute))
        });
    let only = found.next()?;
    found.next().is_none().then_some(only)
}

/// The first undefined part of an expression: `s.check` of `s.check.name`. `None` if this is not certain.
fn first_missing<'a>(failure: &Failure<'_>, expression: &'a str) -> Option<&'a str> {
    let (base, rest) = expression
        .split_once('.')
        .filter(|(base, _)| is_name(base))?;
    let first = rest.split(['.', '[']).next()?;
    let schema = declaration(failure, expression).and_then(|tag| schema_of_loop(&tag))?;
    let missing = !schema
        .fields
        .iter()
        .any(|field| field.jinja == first || field.go == first);
    missing.then(|| &expression[..base.len() + 1 + first.len()])
}

/// The byte offset at which the expression before `end` begins. At `end`, it continues with a
/// bracket or a dot.
fn beginning(source: &str, end: usize) -> usize {
    let mut depth = 0_usize;
    let mut start = end;
    for (at, c) in source.get(..end).unwrap_or_default().char_indices().rev() {
        match c {
            ')' | ']' => depth += 1,
            '(' | '[' if depth == 0 => break,
            '(' | '[' => depth -= 1,
            '{' | '}' | '%' | '\n' => break,
            _ if depth > 0 || c.is_alphanumeric() || matches!(c, '_' | '.') => {}
            _ => break,
        }
        start = at;
    }
    start
}

/// The first name of an expression.
fn base(expression: &str) -> &str {
    let end = expression
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(expression.len());
    &expression[..end]
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Returns `true` if neither the template nor the library has this name.
fn is_unknown(failure: &Failure<'_>, base: &str) -> bool {
    let known = [
        "loop", "caller", "super", "self", "varargs", "kwargs", "true", "false", "none",
    ];
    is_name(base)
        && failure.is_main
        && !failure.source.contains("extends")
        && !known.contains(&base)
        && !failure.environment.globals().any(|(name, _)| name == base)
        && failure
            .tags
            .declaration_of(base, failure.start().unwrap_or_default())
            .is_none()
        && !failure
            .tags
            .all
            .iter()
            .any(|tag| !matches!(tag.name, "for" | "set") && tag.names().any(|name| name == base))
}

/// The hint for an unknown attribute.
fn for_attribute(failure: &Failure<'_>, expression: &str, attribute: &str) -> Option<String> {
    let parent = &expression[..expression.len() - attribute.len() - 1];
    let indexed = parent
        .strip_suffix(']')
        .and_then(|list| list.rsplit_once('['))
        .map(|(list, _)| list);
    let schema = match declaration(failure, expression) {
        Some(tag) if parent == base(expression) => schema_of_loop(&tag),
        Some(_) => None,
        None => match called(parent).filter(|name| records::of_function(name).is_some()) {
            Some(name) if records::is_single(name) => records::of_function(name),
            Some(_) => {
                return Some("this is a list: loop over it, or take one of it: [0]".to_owned());
            }
            None => indexed.and_then(called).and_then(records::of_function),
        },
    };
    match schema {
        Some(schema) => {
            let names = || schema.fields.iter().map(|field| field.jinja);
            let near = did_you_mean(attribute, names());
            Some(
                near.unwrap_or_else(|| {
                    format!("it has {}", names().collect::<Vec<_>>().join(", "))
                }),
            )
        }
        None => did_you_mean(attribute, records::all_fields().map(|field| field.jinja)),
    }
}

/// The schema of a loop's items; `None` if the loop is not over the result of a function.
fn schema_of_loop(tag: &Tag<'_>) -> Option<&'static Schema> {
    let (names, over) = tag.rest.split_once(" in ")?;
    records::of_function(
        called(over).filter(|name| {
            tag.name == "for" && is_name(names.trim()) && !records::is_single(name)
        })?,
    )
}

/// The name of the function, if the expression is a single call.
fn called(expression: &str) -> Option<&str> {
    let (name, rest) = expression.trim().split_once('(')?;
    let arguments = rest.strip_suffix(')')?;
    (is_name(name) && !arguments.contains(['(', ')'])).then_some(name)
}
