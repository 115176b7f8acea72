//! Functions for regular expressions. The pattern is the first argument, the string the second.

use minijinja::Value;
use regex::Regex;

use super::{check_items, sprig};
use crate::args::{FunctionResult, integer, text};
use crate::function::{Call, Function, FunctionError};
use gotemplate::pattern;
use gotemplate::record::NilList;

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_regexMatch", "sprig_regex_match"],
        "(pattern string, text string) bool",
        "Whether a pattern matches anywhere in a string; false if the pattern is invalid.",
        |call| {
            let [written, last] = call.exactly("sprig_regexMatch")?;
            let (written, text) = (text(written)?, text(last)?);
            Ok(Value::from(
                match pattern::compile(written, call.context.budget()) {
                    Ok(pattern) => pattern.is_match(text),
                    Err(error) if call.context.budget().is_exhausted() => return Err(error),
                    Err(_) => false,
                },
            ))
        },
    ),
    sprig(
        ["sprig_mustRegexMatch", "sprig_must_regex_match"],
        "(pattern string, text string) bool",
        "Whether a pattern matches anywhere in a string.",
        |call| {
            let [written, last] = call.exactly("sprig_mustRegexMatch")?;
            Ok(Value::from(compile(call, written)?.is_match(text(last)?)))
        },
    ),
    sprig(
        ["sprig_regexFind", "sprig_regex_find"],
        "(pattern string, text string) string",
        "The first match, or an empty string.",
        |call| find(call, "sprig_regexFind"),
    ),
    sprig(
        ["sprig_mustRegexFind", "sprig_must_regex_find"],
        "(pattern string, text string) string",
        "The same as sprig_regexFind.",
        |call| find(call, "sprig_mustRegexFind"),
    ),
    sprig(
        ["sprig_regexFindAll", "sprig_regex_find_all"],
        "(pattern string, text string, count int) []string",
        "At most `count` matches; all if it is -1.",
        |call| find_all(call, "sprig_regexFindAll"),
    ),
    sprig(
        ["sprig_mustRegexFindAll", "sprig_must_regex_find_all"],
        "(pattern string, text string, count int) []string",
        "The same as sprig_regexFindAll.",
        |call| find_all(call, "sprig_mustRegexFindAll"),
    ),
    sprig(
        ["sprig_regexReplaceAll", "sprig_regex_replace_all"],
        "(pattern string, text string, replacement string) string",
        "The string with every match replaced; $1 and ${name} are its groups.",
        |call| replace(call, "sprig_regexReplaceAll", false),
    ),
    sprig(
        ["sprig_mustRegexReplaceAll", "sprig_must_regex_replace_all"],
        "(pattern string, text string, replacement string) string",
        "The same as sprig_regexReplaceAll.",
        |call| replace(call, "sprig_mustRegexReplaceAll", false),
    ),
    sprig(
        [
            "sprig_regexReplaceAllLiteral",
            "sprig_regex_replace_all_literal",
        ],
        "(pattern string, text string, replacement string) string",
        "The string with every match replaced by a literal string.",
        |call| replace(call, "sprig_regexReplaceAllLiteral", true),
    ),
    sprig(
        [
            "sprig_mustRegexReplaceAllLiteral",
            "sprig_must_regex_replace_all_literal",
        ],
        "(pattern string, text string, replacement string) string",
        "The same as sprig_regexReplaceAllLiteral.",
        |call| replace(call, "sprig_mustRegexReplaceAllLiteral", true),
    ),
    sprig(
        ["sprig_regexSplit", "sprig_regex_split"],
        "(pattern string, text string, count int) []string",
        "At most `count` parts of a string between matches; all if it is -1.",
        |call| split(call, "sprig_regexSplit"),
    ),
    sprig(
        ["sprig_mustRegexSplit", "sprig_must_regex_split"],
        "(pattern string, text string, count int) []string",
        "The same as sprig_regexSplit.",
        |call| split(call, "sprig_mustRegexSplit"),
    ),
    sprig(
        ["sprig_regexQuoteMeta", "sprig_regex_quote_meta"],
        "(text string) string",
        "A pattern that matches exactly this string.",
        |call| super::map(call, "sprig_regexQuoteMeta", quote_meta),
    ),
];

fn compile(call: &Call<'_>, written: &Value) -> Result<Regex, FunctionError> {
    pattern::compile(text(written)?, call.context.budget())
}

fn find(call: &Call<'_>, name: &str) -> FunctionResult {
    let [written, last] = call.exactly(name)?;
    Ok(Value::from(
        compile(call, written)?
            .find(text(last)?)
            .map_or("", |found| found.as_str()),
    ))
}

/// Converts the maximum number of results; a negative number means all.
fn max_count(count: &Value) -> Result<usize, FunctionError> {
    Ok(usize::try_from(integer(count)?).unwrap_or(usize::MAX))
}

fn find_all(call: &Call<'_>, name: &str) -> FunctionResult {
    let [written, last, count] = call.exactly(name)?;
    let (pattern, text) = (compile(call, written)?, text(last)?);
    let mut found = Vec::new();
    for matched in pattern.find_iter(text).take(max_count(count)?) {
        call.spend(1)?;
        check_items(found.len() + 1)?;
        found.push(Value::from(matched.as_str()));
    }
    if found.is_empty() {
        return Ok(Value::from_object(NilList));
    }
    Ok(Value::from(found))
}

fn replace(call: &Call<'_>, name: &str, literal: bool) -> FunctionResult {
    let [written, whole, replacement] = call.exactly(name)?;
    let (pattern, text, replacement) = (compile(call, written)?, text(whole)?, text(replacement)?);
    let replace_all = if literal {
        pattern::replace_all_literal
    } else {
        pattern::replace_all
    };
    replace_all(&pattern, text, replacement, call.context.budget()).map(Value::from)
}

fn split(call: &Call<'_>, name: &str) -> FunctionResult {
    let [written, last, count] = call.exactly(name)?;
    let (pattern, text, max) = (compile(call, written)?, text(last)?, max_count(count)?);
    if max == 0 {
        return Ok(Value::from_object(NilList));
    }
    let mut parts = Vec::new();
    let mut from = 0;
    let mut end = 0;
    for found in pattern.find_iter(text) {
        call.spend(1)?;
        if parts.len() + 1 == max {
            break;
        }
        end = found.start();
        check_items(parts.len())?;
        // An empty match at the start separates nothing.
        if found.end() > 0 {
            parts.push(Value::from(&text[from..end]));
        }
        from = found.end();
    }
    if end != text.len() || text.is_empty() {
        parts.push(Value::from(&text[from..]));
    }
    Ok(Value::from(parts))
}

fn quote_meta(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
