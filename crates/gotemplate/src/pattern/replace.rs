//! Replaces the matches of a regular expression, as Go's `ReplaceAllString` does.
//!
//! Input: a pattern, a text, and a replacement in which `$1`, `${1}` and `${name}` are groups. Output: the text with every
//! match replaced, or an error if it would be too long.

use regex::{Captures, Regex};

use crate::budget::Budget;
use crate::function_error::FunctionError;

/// The name of a group for the `regex` crate, where names are unique and do not begin with a digit.
pub(super) fn unique_name(number: usize, name: &str) -> String {
    format!("n{number}_{name}")
}

/// The name of a group in the pattern.
fn original_name(unique: &str) -> Option<&str> {
    unique.split_once('_').map(|(_, name)| name)
}

/// The length of a result in bytes.
const MAX_LENGTH: usize = 64 << 20;

/// Replaces every match. In the replacement, `$1` and `${name}` are groups.
///
/// # Errors
/// If the result would be longer than 64 MiB, or the budget is exhausted.
pub fn replace_all(
    pattern: &Regex,
    text: &str,
    replacement: &str,
    budget: &Budget,
) -> Result<String, FunctionError> {
    let mut out = Output::default();
    let mut end = 0;
    for found in pattern.captures_iter(text) {
        budget.spend(1)?;
        let whole = found.get_match();
        out.push(&text[end..whole.start()])?;
        end = whole.end();
        expand(pattern, &found, replacement, &mut out)?;
    }
    out.push(&text[end..])?;
    Ok(out.0)
}

/// Replaces every match by a literal text.
///
/// # Errors
/// If the result would be longer than 64 MiB, or the budget is exhausted.
pub fn replace_all_literal(
    pattern: &Regex,
    text: &str,
    replacement: &str,
    budget: &Budget,
) -> Result<String, FunctionError> {
    let mut out = Output::default();
    let mut end = 0;
    for found in pattern.find_iter(text) {
        budget.spend(1)?;
        out.push(&text[end..found.start()])?;
        out.push(replacement)?;
        end = found.end();
    }
    out.push(&text[end..])?;
    Ok(out.0)
}

/// The result of a replacement, with a limit.
#[derive(Default)]
struct Output(String);

impl Output {
    fn push(&mut self, text: &str) -> Result<(), FunctionError> {
        if self.0.len() + text.len() > MAX_LENGTH {
            return Err(FunctionError::new("the result is too long"));
        }
        self.0.push_str(text);
        Ok(())
    }
}

fn expand(
    pattern: &Regex,
    found: &Captures<'_>,
    replacement: &str,
    out: &mut Output,
) -> Result<(), FunctionError> {
    let mut rest = replacement;
    while let Some((before, after)) = rest.split_once('$') {
        out.push(before)?;
        rest = if let Some(after) = after.strip_prefix('$') {
            out.push("$")?;
            after
        } else if let Some((name, after)) = group(after) {
            out.push(captured(pattern, found, name))?;
            after
        } else {
            out.push("$")?;
            after
        };
    }
    out.push(rest)
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
