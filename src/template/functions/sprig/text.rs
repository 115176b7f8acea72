//! Texts: cutting, trimming, padding, joining, splitting.

use std::collections::BTreeMap;

use minijinja::Value;

use super::{MAX_ITEMS, MAX_LENGTH, cast, fits, map, map_two, sprig, wrap};
use crate::answer::TextMap;
use crate::template::function::{Call, Function, FunctionError};
use crate::template::functions::args::{Outcome, integer, refuse, text};
use crate::template::go::show;
use crate::template::record::TypedMap;

pub(in crate::template::functions) static TABLE: &[Function] = &[
    sprig(
        ["sprig_trim", "sprig_trim"],
        "(text string) string",
        "Without white space at both ends.",
        |call| map(call, "sprig_trim", |text| text.trim().to_owned()),
    ),
    sprig(
        ["sprig_trimAll", "sprig_trim_all"],
        "(characters string, text string) string",
        "Without any of these characters at both ends.",
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
        "Without this text at its beginning.",
        |call| {
            map_two(call, "sprig_trimPrefix", |prefix, text| {
                Value::from(text.strip_prefix(prefix).unwrap_or(text))
            })
        },
    ),
    sprig(
        ["sprig_trimSuffix", "sprig_trim_suffix"],
        "(suffix string, text string) string",
        "Without this text at its end.",
        |call| {
            map_two(call, "sprig_trimSuffix", |suffix, text| {
                Value::from(text.strip_suffix(suffix).unwrap_or(text))
            })
        },
    ),
    sprig(
        ["sprig_nospace", "sprig_nospace"],
        "(text string) string",
        "Without any white space.",
        |call| {
            map(call, "sprig_nospace", |text| {
                text.split_whitespace().collect()
            })
        },
    ),
    sprig(
        ["sprig_trunc", "sprig_trunc"],
        "(bytes int, text string) string",
        "The first bytes of a text, or the last ones when the number is negative.",
        trunc,
    ),
    sprig(
        ["sprig_substr", "sprig_substr"],
        "(start int, end int, text string) string",
        "The bytes from start up to but not including end; a negative end stands for the end of the text.",
        substr,
    ),
    sprig(
        ["sprig_abbrev", "sprig_abbrev"],
        "(width int, text string) string",
        "A text cut to a width, with ... at its end.",
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
        "A text cut to a width on both sides, with ... where something is missing.",
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
        "A text many times.",
        repeat,
    ),
    sprig(
        ["sprig_replace", "sprig_replace"],
        "(from string, to string, text string) string",
        "With every occurrence of a text replaced.",
        |call| {
            let [from, to, last] = call.exactly("sprig_replace")?;
            let (from, to, text) = (text(from)?, text(to)?, text(last)?);
            fits(
                text.len()
                    .saturating_add(text.matches(from).count().saturating_mul(to.len())),
            )?;
            Ok(Value::from(text.replace(from, to)))
        },
    ),
    sprig(
        ["sprig_indent", "sprig_indent"],
        "(blanks int, text string) string",
        "With blanks before every line, be it empty or not.",
        |call| indent(call, "sprig_indent", ""),
    ),
    sprig(
        ["sprig_nindent", "sprig_nindent"],
        "(blanks int, text string) string",
        "A line break, and the text with blanks before every line.",
        |call| indent(call, "sprig_nindent", "\n"),
    ),
    sprig(
        ["sprig_wrap", "sprig_wrap"],
        "(width int, text string) string",
        "With line breaks so that no line is wider, unless a word is.",
        |call| {
            let [width, last] = call.exactly("sprig_wrap")?;
            Ok(Value::from(wrap::wrapped(
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
        "With a separator so that no line is wider; words that are too wide are cut.",
        |call| {
            let [width, separator, last] = call.exactly("sprig_wrapWith")?;
            let (width, separator, text) = (integer(width)?, text(separator)?, text(last)?);
            fits(text.len().saturating_mul(separator.len().saturating_add(1)))?;
            Ok(Value::from(wrap::wrapped(
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
        "Whether a text has a part.",
        |call| {
            map_two(call, "sprig_contains", |part, text| {
                Value::from(text.contains(part))
            })
        },
    ),
    sprig(
        ["sprig_hasPrefix", "sprig_has_prefix"],
        "(prefix string, text string) bool",
        "Whether a text begins so.",
        |call| {
            map_two(call, "sprig_hasPrefix", |prefix, text| {
                Value::from(text.starts_with(prefix))
            })
        },
    ),
    sprig(
        ["sprig_hasSuffix", "sprig_has_suffix"],
        "(suffix string, text string) bool",
        "Whether a text ends so.",
        |call| {
            map_two(call, "sprig_hasSuffix", |suffix, text| {
                Value::from(text.ends_with(suffix))
            })
        },
    ),
    sprig(
        ["sprig_quote", "sprig_quote"],
        "(values ...any) string",
        "Each value in double quotes, with the escapes of Go, with blanks between; nils are left out.",
        |call| each(call, |value| Ok(show::quoted(&cast::text(value)?))),
    ),
    sprig(
        ["sprig_squote", "sprig_squote"],
        "(values ...any) string",
        "Each value in single quotes, with blanks between; nils are left out.",
        |call| each(call, |value| Ok(format!("'{}'", cast::text(value)?))),
    ),
    sprig(
        ["sprig_cat", "sprig_cat"],
        "(values ...any) string",
        "The values with blanks between; nils are left out.",
        |call| each(call, cast::text),
    ),
    sprig(
        ["sprig_join", "sprig_join"],
        "(separator string, list any) string",
        "The items of a list as one text, be they texts or not; nils are left out.",
        |call| {
            let [separator, list] = call.exactly("sprig_join")?;
            let (separator, texts) = (text(separator)?, cast::texts(list)?);
            let between = texts.len().saturating_mul(separator.len());
            fits(
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
        "The parts of a text under the keys _0, _1 and so on.",
        |call| {
            let [separator, last] = call.exactly("sprig_split")?;
            Ok(numbered(parts(text(separator)?, text(last)?, -1)?))
        },
    ),
    sprig(
        ["sprig_splitn", "sprig_splitn"],
        "(separator string, count int, text string) map[string]string",
        "At most so many parts of a text under the keys _0, _1 and so on.",
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
        "The parts of a text.",
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
        "The items of a list as texts; nils are left out.",
        |call| {
            let [list] = call.exactly("sprig_toStrings")?;
            Ok(cast::texts(list)?.into_iter().map(Value::from).collect())
        },
    ),
    sprig(
        ["sprig_toString", "sprig_to_string"],
        "(value any) string",
        "A value as Go prints it.",
        |call| {
            let [only] = call.exactly("sprig_toString")?;
            Ok(Value::from(cast::text(only)?))
        },
    ),
    sprig(
        ["sprig_plural", "sprig_plural"],
        "(one string, many string, count int) string",
        "The first text for 1, else the second.",
        |call| {
            let [one, many, count] = call.exactly("sprig_plural")?;
            let (one, many) = (text(one)?, text(many)?);
            Ok(Value::from(if integer(count)? == 1 { one } else { many }))
        },
    ),
];

fn trim_all(call: &Call<'_>, name: &str) -> Outcome {
    map_two(call, name, |characters, text| {
        Value::from(text.trim_matches(|c| characters.contains(c)))
    })
}

/// The bytes of a text between two places; they need not be whole characters.
fn bytes(text: &str, from: usize, to: usize) -> Value {
    match text.get(from..to) {
        Some(part) => Value::from(part),
        None => Value::from_bytes(text.as_bytes().get(from..to).unwrap_or_default().to_vec()),
    }
}

fn trunc(call: &Call<'_>) -> Outcome {
    let [count, last] = call.exactly("sprig_trunc")?;
    let (count, text) = (integer(count)?, text(last)?);
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let length = text.len();
    Ok(match length.checked_sub(wanted) {
        Some(rest) if count < 0 && rest > 0 => bytes(text, rest, length),
        Some(_) if count >= 0 => bytes(text, 0, wanted),
        _ => Value::from(text),
    })
}

fn substr(call: &Call<'_>) -> Outcome {
    let [start, end, last] = call.exactly("sprig_substr")?;
    let (start, end, text) = (integer(start)?, integer(end)?, text(last)?);
    let length = text.len();
    let from = usize::try_from(start).unwrap_or(0);
    let to = match usize::try_from(end) {
        Ok(end) if start < 0 || end <= length => end,
        Err(_) if start < 0 => return refuse("runtime error: slice bounds out of range [:-1]"),
        _ => length,
    };
    if to > length {
        return refuse(format!(
            "runtime error: slice bounds out of range [:{to}] with length {length}"
        ));
    }
    if from > to {
        return refuse(format!(
            "runtime error: slice bounds out of range [{from}:{to}]"
        ));
    }
    Ok(bytes(text, from, to))
}

fn repeat(call: &Call<'_>) -> Outcome {
    let [count, last] = call.exactly("sprig_repeat")?;
    let (count, text) = (integer(count)?, text(last)?);
    let Ok(count) = usize::try_from(count) else {
        return refuse("strings: negative Repeat count");
    };
    fits(text.len().saturating_mul(count))?;
    Ok(Value::from(if text.is_empty() {
        String::new()
    } else {
        text.repeat(count)
    }))
}

fn indent(call: &Call<'_>, name: &str, before: &str) -> Outcome {
    let [blanks, last] = call.exactly(name)?;
    let (blanks, text) = (integer(blanks)?, text(last)?);
    let Ok(blanks) = usize::try_from(blanks) else {
        return refuse("strings: negative Repeat count");
    };
    let lines = text.matches('\n').count() + 1;
    fits(text.len().saturating_add(lines.saturating_mul(blanks)))?;
    let pad = " ".repeat(blanks);
    Ok(Value::from(format!(
        "{before}{pad}{}",
        text.replace('\n', &format!("\n{pad}"))
    )))
}

/// The values that are not nil as texts, with blanks between.
fn each(call: &Call<'_>, show: impl Fn(&Value) -> Result<String, FunctionError>) -> Outcome {
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
            return refuse("the result is too long");
        }
    }
    Ok(Value::from(out))
}

/// Go's `strings.SplitN`: at most `count` parts, all of them when it is negative.
fn parts<'a>(separator: &str, text: &'a str, count: i64) -> Result<Vec<&'a str>, FunctionError> {
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    if most == 0 {
        return Ok(found);
    }
    if !separator.is_empty() {
        found.extend(text.splitn(most, separator).take(MAX_ITEMS + 1));
    }
    let mut rest = if separator.is_empty() { text } else { "" };
    while let Some(first) = rest.chars().next().filter(|_| found.len() <= MAX_ITEMS) {
        let length = if found.len() + 1 == most {
            rest.len()
        } else {
            first.len_utf8()
        };
        let (part, after) = rest.split_at(length);
        found.push(part);
        rest = after;
    }
    if found.len() > MAX_ITEMS {
        refuse(format!("a list with more than {MAX_ITEMS} items"))
    } else {
        Ok(found)
    }
}

fn numbered(parts: Vec<&str>) -> Value {
    let map: TextMap = parts
        .into_iter()
        .enumerate()
        .map(|(index, part)| (format!("_{index}"), part.to_owned()))
        .collect::<BTreeMap<_, _>>();
    TypedMap::of_text(&map)
}
