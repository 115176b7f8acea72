//! Replaces the matches of a regular expression, as Go's `ReplaceAllString` does.
//!
//! Input: a pattern, a text, and a replacement in which `$1`, `${1}` and `${name}` are groups. Output: the text with every
//! match replaced, or an error if it would be too long.

use regex::{Captures, Regex};

use crate::function_error::FunctionError;

/// The name of a group for the `regex` crate, where names are unique and do not begin with a digit.
pub(super) fn unique_name(number: usize, name: &str) -> String {
    format!("n{number}_{name}")
}

/// The name of a group in the pattern.
fn original_name(unique: &str) -> Option<&str> {
    unique.split_once('_').map(|(_, name)| name)
}

/// Replaces every match. In the replacement, `$1` and `${name}` stand for groups.
///
/// # Errors
/// If the result would have more than `max_length` bytes.
pub fn replace_all(
    pattern: &Regex,
    text: &str,
    replacement: &str,
    max_length: usize,
) -> Result<String, FunctionError> {
    let mut out = String::new();
    let mut from = 0;
    for found in pattern.captures_iter(text) {
        let whole = found.get_match();
        out.push_str(&text[from..whole.start()]);
        from = whole.end();
        expand(pattern, &found, replacement, max_length, &mut out)?;
    }
    out.push_str(&text[from..]);
    if out.len() > max_length {
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
    max_length: usize,
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
        if out.len() > max_length {
            return Err(too_long());
        }
    }
    out.push_str(rest);
    if out.len() > max_length {
        Err(too_long())
    } else {
        Ok(())
    }
}

/// The name or the number of a group, and the text after it. Without braces the name is as long as possible.
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

/// The text that a group has matched; empty if there is no such group. Of several groups with one name it is the first
/// that has matched.
fn captured<'t>(pattern: &Regex, found: &Captures<'t>, name: &str) -> &'t str {
    let group = if name.bytes().all(|byte| byte.is_ascii_digit())
        && (name.len() == 1 || !name.starts_with('0'))
    {
        name.parse().ok().and_then(|number| found.get(number))
    } else {
        let mut groups = pattern.capture_names().zip(found.iter());
        groups.find_map(|(unique, group)| {
            group.filter(|_| unique.and_then(original_name) == Some(name))
        })
    };
    group.map_or("", |group| group.as_str())
}
