//! Functions that join and split strings, and convert values to strings.

use std::collections::BTreeMap;

use minijinja::Value;

use super::{MAX_ITEMS, MAX_LENGTH, cast, check_items, check_length, sprig};
use crate::args::{FunctionResult, fail, integer, text};
use crate::function::{Call, Function, FunctionError};
use gotemplate::go_fmt;
use gotemplate::record::TypedMap;

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_quote", "sprig_quote"],
        "(values ...any) string",
        "Each value in double quotes with Go's escapes, separated by spaces; nil values are skipped.",
        |call| each(call, |value| Ok(go_fmt::quoted(&cast::text(value)?))),
    ),
    sprig(
        ["sprig_squote", "sprig_squote"],
        "(values ...any) string",
        "Each value in single quotes, separated by spaces; nil values are skipped.",
        |call| each(call, |value| Ok(format!("'{}'", cast::text(value)?))),
    ),
    sprig(
        ["sprig_cat", "sprig_cat"],
        "(values ...any) string",
        "The values, separated by spaces; nil values are skipped.",
        |call| each(call, cast::text),
    ),
    sprig(
        ["sprig_join", "sprig_join"],
        "(separator string, list any) string",
        "The items of a list as strings, joined by a separator; nil values are skipped.",
        |call| {
            let [separator, list] = call.exactly("sprig_join")?;
            let (separator, texts) = (text(separator)?, cast::texts(list)?);
            let between = texts.len().saturating_mul(separator.len());
            check_length(
                texts
                    .iter()
                    .map(String::len)
                    .fold(between, usize::saturating_add),
            )?;
            Ok(Value::from(texts.join(separator)))
        },
    ),
    sprig(
        ["sprig_split", "sprig_split"],
        "(separator string, text string) map[string]string",
        "The parts of a string as a map with the keys _0, _1 and so on.",
        |call| {
            let [separator, last] = call.exactly("sprig_split")?;
            Ok(numbered(parts(text(separator)?, text(last)?, -1)?))
        },
    ),
    sprig(
        ["sprig_splitn", "sprig_splitn"],
        "(separator string, count int, text string) map[string]string",
        "At most `count` parts of a string as a map with the keys _0, _1 and so on.",
        |call| {
            let [separator, count, last] = call.exactly("sprig_splitn")?;
            Ok(numbered(parts(
                text(separator)?,
                text(last)?,
                integer(count)?,
            )?))
        },
    ),
    sprig(
        ["sprig_splitList", "sprig_split_list"],
        "(separator string, text string) []string",
        "The parts of a string.",
        |call| {
            let [separator, last] = call.exactly("sprig_splitList")?;
            Ok(parts(text(separator)?, text(last)?, -1)?
                .into_iter()
                .collect())
        },
    ),
    sprig(
        ["sprig_toStrings", "sprig_to_strings"],
        "(list any) []string",
        "The items of a list as strings; nil values are skipped.",
        |call| {
            let [list] = call.exactly("sprig_toStrings")?;
            Ok(cast::texts(list)?.into_iter().map(Value::from).collect())
        },
    ),
    sprig(
        ["sprig_toString", "sprig_to_string"],
        "(value any) string",
        "The value as Go prints it.",
        |call| {
            let [only] = call.exactly("sprig_toString")?;
            Ok(Value::from(cast::text(only)?))
        },
    ),
    sprig(
        ["sprig_plural", "sprig_plural"],
        "(one string, many string, count int) string",
        "The first string if the count is 1, otherwise the second.",
        |call| {
            let [one, many, count] = call.exactly("sprig_plural")?;
            let (one, many) = (text(one)?, text(many)?);
            Ok(Value::from(if integer(count)? == 1 { one } else { many }))
        },
    ),
];

/// Formats the values that are not nil, separated by spaces.
fn each(call: &Call<'_>, show: impl Fn(&Value) -> Result<String, FunctionError>) -> FunctionResult {
    let mut out = String::new();
    for (index, value) in call
        .args
        .iter()
        .filter(|value| !cast::is_nil(value))
        .enumerate()
    {
        if index > 0 {
            out.push(' ');
        }
        out.push_str(&show(value)?);
        if out.len() > MAX_LENGTH {
            return fail("the result is too long");
        }
    }
    Ok(Value::from(out))
}

/// Splits like Go's `strings.SplitN`: at most `count` parts, or all if it is negative.
fn parts<'a>(separator: &str, text: &'a str, count: i64) -> Result<Vec<&'a str>, FunctionError> {
    let max = usize::try_from(count).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    if max == 0 {
        return Ok(found);
    }
    if !separator.is_empty() {
        found.extend(text.splitn(max, separator).take(MAX_ITEMS + 1));
    }
    let mut rest = if separator.is_empty() { text } else { "" };
    while let Some(first) = rest.chars().next().filter(|_| found.len() <= MAX_ITEMS) {
        let length = if found.len() + 1 == max {
            rest.len()
        } else {
            first.len_utf8()
        };
        let (part, after) = rest.split_at(length);
        found.push(part);
        rest = after;
    }
    check_items(found.len())?;
    Ok(found)
}

fn numbered(parts: Vec<&str>) -> Value {
    let map: std::collections::BTreeMap<String, String> = parts
        .into_iter()
        .enumerate()
        .map(|(index, part)| (format!("_{index}"), part.to_owned()))
        .collect::<BTreeMap<_, _>>();
    TypedMap::of_text(&map)
}
