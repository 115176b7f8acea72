//! Replaces what a regular expression matches, as Go does.
//!
//! in:  an expression, a text, and a replacement in which `$1`, `${1}` and `${name}` stand for groups
//! out: the text with every match replaced, unless it would be too long

use regex::{Captures, Regex};

use crate::template::function::FunctionError;

/// What a group is called for the crate, whose names are different from each other and do not begin with a digit.
pub(super) fn inner(number: usize, name: &str) -> String {
    format!("n{number}_{name}")
}

/// What a group is called in the pattern.
fn outer(inner: &str) -> Option<&str> {
    inner.split_once('_').map(|(_, name)| name)
}

/// With every match replaced.
pub(in crate::template::functions) fn replaced(
    pattern: &Regex,
    text: &str,
    replacement: &str,
    most: usize,
) -> Result<String, FunctionError> {
    let mut out = String::new();
    let mut from = 0;
    for found in pattern.captures_iter(text) {
        let whole = found.get_match();
        out.push_str(&text[from..whole.start()]);
        from = whole.end();
        expand(pattern, &found, replacement, most, &mut out)?;
    }
    out.push_str(&text[from..]);
    if out.len() > most {
        Err(too_long())
    } else {
        Ok(out)
    }
}

fn too_long() -> FunctionError {
    FunctionError::new("the result is too long")
}

fn expand(
    pattern: &Regex,
    found: &Captures<'_>,
    replacement: &str,
    most: usize,
    out: &mut String,
) -> Result<(), FunctionError> {
    let mut rest = replacement;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = group(after) {
            out.push_str(captured(pattern, found, name));
            rest = after;
        } else {
            out.push('$');
            rest = after;
        }
        if out.len() > most {
            return Err(too_long());
        }
    }
    out.push_str(rest);
    if out.len() > most {
        Err(too_long())
    } else {
        Ok(())
    }
}

/// The name or the number of a group, and what follows; the longest there can be, if it has no braces.
fn group(text: &str) -> Option<(&str, &str)> {
    let braced = text.strip_prefix('{');
    let named = braced.unwrap_or(text);
    let end = named
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(named.len());
    let (name, after) = named.split_at(end);
    let after = if braced.is_some() {
        after.strip_prefix('}')?
    } else {
        after
    };
    (!name.is_empty()).then_some((name, after))
}

/// What a group has matched; nothing if there is no such group. Several may have one name: the first that has matched.
fn captured<'t>(pattern: &Regex, found: &Captures<'t>, name: &str) -> &'t str {
    let group = if name.bytes().all(|byte| byte.is_ascii_digit())
        && (name.len() == 1 || !name.starts_with('0'))
    {
        name.parse().ok().and_then(|number| found.get(number))
    } else {
        let mut groups = pattern.capture_names().zip(found.iter());
        groups.find_map(|(inner, group)| group.filter(|_| inner.and_then(outer) == Some(name)))
    };
    group.map_or("", |group| group.as_str())
}
