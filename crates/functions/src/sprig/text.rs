//! Functions that trim, cut, pad and replace strings.

use minijinja::Value;

use super::{check_length, map, map_two, sprig, wrap};
use crate::args::{FunctionResult, fail, integer, text};
use crate::function::{Call, Function};
use crate::text::trim_characters;

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_trim", "sprig_trim"],
        "(text string) string",
        "The string without white space at both ends.",
        |call| map(call, "sprig_trim", |text| text.trim().to_owned()),
    ),
    sprig(
        ["sprig_trimAll", "sprig_trim_all"],
        "(characters string, text string) string",
        "The string without these characters at both ends.",
        |call| trim_all(call, "sprig_trimAll"),
    ),
    sprig(
        ["sprig_trimall", "sprig_trimall"],
        "(characters string, text string) string",
        "The old name of sprig_trimAll.",
        |call| trim_all(call, "sprig_trimall"),
    ),
    sprig(
        ["sprig_trimPrefix", "sprig_trim_prefix"],
        "(prefix string, text string) string",
        "The string without a prefix.",
        |call| {
            map_two(call, "sprig_trimPrefix", |prefix, text| {
                Value::from(text.strip_prefix(prefix).unwrap_or(text))
            })
        },
    ),
    sprig(
        ["sprig_trimSuffix", "sprig_trim_suffix"],
        "(suffix string, text string) string",
        "The string without a suffix.",
        |call| {
            map_two(call, "sprig_trimSuffix", |suffix, text| {
                Value::from(text.strip_suffix(suffix).unwrap_or(text))
            })
        },
    ),
    sprig(
        ["sprig_nospace", "sprig_nospace"],
        "(text string) string",
        "The string without any white space.",
        |call| {
            map(call, "sprig_nospace", |text| {
                text.split_whitespace().collect()
            })
        },
    ),
    sprig(
        ["sprig_trunc", "sprig_trunc"],
        "(bytes int, text string) string",
        "The first bytes of a string, or the last ones if the number is negative.",
        trunc,
    ),
    sprig(
        ["sprig_substr", "sprig_substr"],
        "(start int, end int, text string) string",
        "The bytes from start to end, without end; a negative end means the end of the string.",
        substr,
    ),
    sprig(
        ["sprig_abbrev", "sprig_abbrev"],
        "(width int, text string) string",
        "The string, shortened to a width with ... at its end.",
        |call| {
            let [width, last] = call.exactly("sprig_abbrev")?;
            let (width, text) = (integer(width)?, text(last)?);
            Ok(Value::from(if width < 4 {
                text.to_owned()
            } else {
                wrap::abbreviate(text, 0, width)
            }))
        },
    ),
    sprig(
        ["sprig_abbrevboth", "sprig_abbrevboth"],
        "(offset int, width int, text string) string",
        "The string, shortened to a width on both sides with ... where text was removed.",
        |call| {
            let [offset, width, last] = call.exactly("sprig_abbrevboth")?;
            let (offset, width, text) = (integer(offset)?, integer(width)?, text(last)?);
            let too_narrow = width < 4 || (offset > 0 && width < 7);
            Ok(Value::from(if too_narrow {
                text.to_owned()
            } else {
                wrap::abbreviate(text, offset, width)
            }))
        },
    ),
    sprig(
        ["sprig_repeat", "sprig_repeat"],
        "(count int, text string) string",
        "The string, repeated.",
        repeat,
    ),
    sprig(
        ["sprig_replace", "sprig_replace"],
        "(from string, to string, text string) string",
        "The string with every occurrence of `from` replaced by `to`.",
        |call| {
            let [from, to, last] = call.exactly("sprig_replace")?;
            let (from, to, text) = (text(from)?, text(to)?, text(last)?);
            check_length(
                text.len()
                    .saturating_add(text.matches(from).count().saturating_mul(to.len())),
            )?;
            Ok(Value::from(text.replace(from, to)))
        },
    ),
    sprig(
        ["sprig_indent", "sprig_indent"],
        "(spaces int, text string) string",
        "The string with spaces before every line, empty lines included.",
        |call| indent(call, "sprig_indent", ""),
    ),
    sprig(
        ["sprig_nindent", "sprig_nindent"],
        "(spaces int, text string) string",
        "Like sprig_indent, with a line break before the string.",
        |call| indent(call, "sprig_nindent", "\n"),
    ),
    sprig(
        ["sprig_wrap", "sprig_wrap"],
        "(width int, text string) string",
        "The string with line breaks so that no line is wider, except for longer words.",
        |call| {
            let [width, last] = call.exactly("sprig_wrap")?;
            Ok(Value::from(wrap::wrap(
                text(last)?,
                integer(width)?,
                "\n",
                false,
            )))
        },
    ),
    sprig(
        ["sprig_wrapWith", "sprig_wrap_with"],
        "(width int, separator string, text string) string",
        "The string with separators so that no line is wider; longer words are broken.",
        |call| {
            let [width, separator, last] = call.exactly("sprig_wrapWith")?;
            let (width, separator, text) = (integer(width)?, text(separator)?, text(last)?);
            check_length(text.len().saturating_mul(separator.len().saturating_add(1)))?;
            Ok(Value::from(wrap::wrap(
                text,
                width,
                if separator.is_empty() {
                    "\n"
                } else {
                    separator
                },
                true,
            )))
        },
    ),
    sprig(
        ["sprig_contains", "sprig_contains"],
        "(part string, text string) bool",
        "Whether a string contains a string.",
        |call| {
            map_two(call, "sprig_contains", |part, text| {
                Value::from(text.contains(part))
            })
        },
    ),
    sprig(
        ["sprig_hasPrefix", "sprig_has_prefix"],
        "(prefix string, text string) bool",
        "Whether a string begins with a prefix.",
        |call| {
            map_two(call, "sprig_hasPrefix", |prefix, text| {
                Value::from(text.starts_with(prefix))
            })
        },
    ),
    sprig(
        ["sprig_hasSuffix", "sprig_has_suffix"],
        "(suffix string, text string) bool",
        "Whether a string ends with a suffix.",
        |call| {
            map_two(call, "sprig_hasSuffix", |suffix, text| {
                Value::from(text.ends_with(suffix))
            })
        },
    ),
];

fn trim_all(call: &Call<'_>, name: &str) -> FunctionResult {
    map_two(call, name, |characters, text| {
        Value::from(trim_characters(text, characters))
    })
}

/// Returns a range of bytes of a string, which may split a character.
fn bytes(text: &str, from: usize, to: usize) -> Value {
    match text.get(from..to) {
        Some(part) => Value::from(part),
        None => Value::from_bytes(text.as_bytes().get(from..to).unwrap_or_default().to_vec()),
    }
}

fn trunc(call: &Call<'_>) -> FunctionResult {
    let [count, last] = call.exactly("sprig_trunc")?;
    let (count, text) = (integer(count)?, text(last)?);
    let keep = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let length = text.len();
    Ok(match length.checked_sub(keep) {
        Some(rest) if count < 0 && rest > 0 => bytes(text, rest, length),
        Some(_) if count >= 0 => bytes(text, 0, keep),
        _ => Value::from(text),
    })
}

fn substr(call: &Call<'_>) -> FunctionResult {
    let [start, end, last] = call.exactly("sprig_substr")?;
    let (start, end, text) = (integer(start)?, integer(end)?, text(last)?);
    let length = text.len();
    let from = usize::try_from(start).unwrap_or(0);
    let to = match usize::try_from(end) {
        Ok(end) if start < 0 || end <= length => end,
        Err(_) if start < 0 => return fail("runtime error: slice bounds out of range [:-1]"),
        _ => length,
    };
    if to > length {
        return fail(format!(
            "runtime error: slice bounds out of range [:{to}] with length {length}"
        ));
    }
    if from > to {
        return fail(format!(
            "runtime error: slice bounds out of range [{from}:{to}]"
        ));
    }
    Ok(bytes(text, from, to))
}

fn repeat(call: &Call<'_>) -> FunctionResult {
    let [count, last] = call.exactly("sprig_repeat")?;
    let (count, text) = (integer(count)?, text(last)?);
    let Ok(count) = usize::try_from(count) else {
        return fail("strings: negative Repeat count");
    };
    check_length(text.len().saturating_mul(count))?;
    Ok(Value::from(if text.is_empty() {
        String::new()
    } else {
        text.repeat(count)
    }))
}

fn indent(call: &Call<'_>, name: &str, before: &str) -> FunctionResult {
    let [spaces, last] = call.exactly(name)?;
    let (spaces, text) = (integer(spaces)?, text(last)?);
    let Ok(spaces) = usize::try_from(spaces) else {
        return fail("strings: negative Repeat count");
    };
    let lines = text.matches('\n').count() + 1;
    check_length(text.len().saturating_add(lines.saturating_mul(spaces)))?;
    let pad = " ".repeat(spaces);
    Ok(Value::from(format!(
        "{before}{pad}{}",
        text.replace('\n', &format!("\n{pad}"))
    )))
}
