//! Functions for strings: case, trimming, replacing, regular expressions, base64.

use std::collections::HashSet;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::PAD;
use gotemplate::pattern;
use minijinja::Value;

use super::args::{FunctionResult, bytes, fail, integer, text};
use super::title;
use crate::function::{Call, Function, Group};

/// The maximum size of a result in bytes.
const MAX_LENGTH: usize = 64 << 20;

/// Base64 as Go decodes it: unused bits of the last character are ignored.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    PAD.with_decode_allow_trailing_bits(true),
);

const BASE64_URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    PAD.with_decode_allow_trailing_bits(true),
);

row_constructor!(texts, Group::Text);

pub(super) static TABLE: &[Function] = &[
    texts(
        ["toLower", "to_lower"],
        "(text string) string",
        "The string in lower case.",
        |call| map(call, "toLower", |text| text.chars().map(lower).collect()),
    ),
    texts(
        ["toUpper", "to_upper"],
        "(text string) string",
        "The string in upper case.",
        |call| {
            map(call, "toUpper", |text| {
                text.chars().map(title::upper).collect()
            })
        },
    ),
    texts(
        ["toTitle", "to_title"],
        "(text string) string",
        "The string with the first letter of each word in upper case.",
        |call| map(call, "toTitle", title::title),
    ),
    texts(
        ["trim", "trim"],
        "(characters string, text string) string",
        "The string without these characters at both ends.",
        |call| {
            map_second(call, "trim", |characters, text| {
                trim_characters(text, characters).into()
            })
        },
    ),
    texts(
        ["trimPrefix", "trim_prefix"],
        "(prefix string, text string) string",
        "The string without a prefix.",
        |call| {
            map_second(call, "trimPrefix", |prefix, text| {
                text.strip_prefix(prefix).unwrap_or(text).into()
            })
        },
    ),
    texts(
        ["trimSuffix", "trim_suffix"],
        "(suffix string, text string) string",
        "The string without a suffix.",
        |call| {
            map_second(call, "trimSuffix", |suffix, text| {
                text.strip_suffix(suffix).unwrap_or(text).into()
            })
        },
    ),
    texts(
        ["trimSpace", "trim_space"],
        "(text string) string",
        "The string without white space at both ends.",
        |call| map(call, "trimSpace", |text| text.trim().to_owned()),
    ),
    texts(
        ["replaceAll", "replace_all"],
        "(from string, to string, text string) string",
        "The string with every occurrence of `from` replaced by `to`.",
        replace_all,
    ),
    texts(
        ["regexReplaceAll", "regex_replace_all"],
        "(pattern string, replacement string, text string) string",
        "The string with every match of a regular expression replaced; $1 and ${name} are its groups.",
        regex_replace_all,
    ),
    texts(
        ["regexMatch", "regex_match"],
        "(pattern string, text string) bool",
        "Whether a regular expression matches anywhere in a string.",
        regex_match,
    ),
    texts(
        ["indent", "indent"],
        "(spaces int, text string) string",
        "The string with spaces before every line that is not empty.",
        indent,
    ),
    texts(
        ["raw", "raw"],
        "(value any) any",
        "The value, printed without the escaping of the output format.",
        |call| {
            let [only] = call.exactly("raw")?;
            Ok(only.as_str().map_or_else(
                || only.clone(),
                |text| Value::from_safe_string(text.to_owned()),
            ))
        },
    ),
    texts(
        ["base64Encode", "base64_encode"],
        "(text string) string",
        "The string in base64.",
        |call| {
            let [only] = call.exactly("base64Encode")?;
            Ok(Value::from(BASE64.encode(bytes(only)?)))
        },
    ),
    texts(
        ["base64Decode", "base64_decode"],
        "(text string) string",
        "The decoded base64 string.",
        |call| decode(call, "base64Decode", &BASE64),
    ),
    texts(
        ["base64URLEncode", "base64_url_encode"],
        "(text string) string",
        "The string in URL-safe base64.",
        |call| {
            let [only] = call.exactly("base64URLEncode")?;
            Ok(Value::from(BASE64_URL.encode(bytes(only)?)))
        },
    ),
    texts(
        ["base64URLDecode", "base64_url_decode"],
        "(text string) string",
        "The decoded URL-safe base64 string.",
        |call| decode(call, "base64URLDecode", &BASE64_URL),
    ),
];

/// Applies a function to the only argument, a string.
fn map(call: &Call<'_>, name: &str, change: impl Fn(&str) -> String) -> FunctionResult {
    let [only] = call.exactly(name)?;
    Ok(Value::from(change(text(only)?)))
}

/// Applies a function to the two arguments, which must be strings.
fn map_second(
    call: &Call<'_>,
    name: &str,
    change: impl for<'a> Fn(&str, &'a str) -> Value,
) -> FunctionResult {
    let [first, last] = call.exactly(name)?;
    Ok(change(text(first)?, text(last)?))
}

/// Removes these characters from both ends of the string. They are looked up in a set, because both
/// strings may be long.
pub(super) fn trim_characters<'a>(text: &'a str, characters: &str) -> &'a str {
    let characters: HashSet<char> = characters.chars().collect();
    text.trim_matches(|c| characters.contains(&c))
}

/// Converts a character to lower case by Unicode's simple mapping, as Go does.
pub(super) fn lower(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(only), None) => only,
        _ if c == 'İ' => 'i',
        _ => c,
    }
}

fn replace_all(call: &Call<'_>) -> FunctionResult {
    let [from, to, last] = call.exactly("replaceAll")?;
    let (from, to, text) = (text(from)?, text(to)?, text(last)?);
    if text.matches(from).count().saturating_mul(to.len()) > MAX_LENGTH {
        return fail("the result is too long");
    }
    Ok(Value::from(text.replace(from, to)))
}

fn regex_replace_all(call: &Call<'_>) -> FunctionResult {
    let [pattern, replacement, last] = call.exactly("regexReplaceAll")?;
    let (pattern, replacement, text) = (
        pattern::compile(text(pattern)?, call.context.budget())?,
        text(replacement)?,
        text(last)?,
    );
    pattern::replace_all(&pattern, text, replacement, call.context.budget()).map(Value::from)
}

fn regex_match(call: &Call<'_>) -> FunctionResult {
    let [pattern, last] = call.exactly("regexMatch")?;
    Ok(Value::from(
        pattern::compile(text(pattern)?, call.context.budget())?.is_match(text(last)?),
    ))
}

fn indent(call: &Call<'_>) -> FunctionResult {
    let [spaces, last] = call.exactly("indent")?;
    let (spaces, text) = (integer(spaces)?, text(last)?);
    let Ok(spaces) = usize::try_from(spaces) else {
        return fail("indent value must be a positive integer");
    };
    let lines = text.split_inclusive('\n');
    if lines.clone().count().saturating_mul(spaces) > MAX_LENGTH {
        return fail("the result is too long");
    }
    let prefix = " ".repeat(spaces);
    let indented = lines.flat_map(|line| [if line == "\n" { "" } else { &prefix }, line]);
    Ok(Value::from(indented.collect::<String>()))
}

fn decode(call: &Call<'_>, name: &str, engine: &impl base64::Engine) -> FunctionResult {
    let [only] = call.exactly(name)?;
    // Go ignores line breaks.
    let encoded: String = text(only)?
        .chars()
        .filter(|c| !matches!(c, '\r' | '\n'))
        .collect();
    let bytes = engine.decode(encoded).or_else(|error| {
        fail(match error {
            base64::DecodeError::InvalidByte(at, _)
            | base64::DecodeError::InvalidLastSymbol(at, _) => {
                format!("{name}: illegal base64 data at input byte {at}")
            }
            _ => format!("{name}: illegal base64 data: wrong length or padding"),
        })
    })?;
    String::from_utf8(bytes)
        .map(Value::from)
        .or_else(|_| fail(format!("{name}: the result is not UTF-8 text")))
}
