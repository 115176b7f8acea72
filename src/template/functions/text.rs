//! Texts: case, trimming, replacing, patterns, base64.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::PAD;
use minijinja::Value;

use super::args::{Outcome, bytes, integer, refuse, text};
use super::{function, pattern, title};
use crate::template::function::{Call, Function, Group};

/// A text that grows beyond this is taken for a mistake.
const MAX_LENGTH: usize = 64 << 20;

/// Base64 as Go reads it: the bits that are left over in the last character do not matter.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    PAD.with_decode_allow_trailing_bits(true),
);

const BASE64_URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    PAD.with_decode_allow_trailing_bits(true),
);

const fn texts(
    names: [&'static str; 2],
    signature: &'static str,
    summary: &'static str,
    code: fn(&Call<'_>) -> Outcome,
) -> Function {
    function(Group::Text, names, signature, summary, code)
}

pub(super) static TABLE: &[Function] = &[
    texts(
        ["toLower", "to_lower"],
        "(text string) string",
        "In lower case.",
        |call| map(call, "toLower", |text| text.chars().map(lower).collect()),
    ),
    texts(
        ["toUpper", "to_upper"],
        "(text string) string",
        "In upper case.",
        |call| map(call, "toUpper", |text| text.chars().map(upper).collect()),
    ),
    texts(
        ["toTitle", "to_title"],
        "(text string) string",
        "With the first letter of each word in upper case.",
        |call| map(call, "toTitle", title::title),
    ),
    texts(
        ["trim", "trim"],
        "(characters string, text string) string",
        "Without any of these characters at both ends.",
        |call| {
            with(call, "trim", |characters, text| {
                text.trim_matches(|c| characters.contains(c)).into()
            })
        },
    ),
    texts(
        ["trimPrefix", "trim_prefix"],
        "(prefix string, text string) string",
        "Without this text at its beginning.",
        |call| {
            with(call, "trimPrefix", |prefix, text| {
                text.strip_prefix(prefix).unwrap_or(text).into()
            })
        },
    ),
    texts(
        ["trimSuffix", "trim_suffix"],
        "(suffix string, text string) string",
        "Without this text at its end.",
        |call| {
            with(call, "trimSuffix", |suffix, text| {
                text.strip_suffix(suffix).unwrap_or(text).into()
            })
        },
    ),
    texts(
        ["trimSpace", "trim_space"],
        "(text string) string",
        "Without white space at both ends.",
        |call| map(call, "trimSpace", |text| text.trim().to_owned()),
    ),
    texts(
        ["replaceAll", "replace_all"],
        "(from string, to string, text string) string",
        "With every occurrence of a text replaced.",
        replace_all,
    ),
    texts(
        ["regexReplaceAll", "regex_replace_all"],
        "(pattern string, replacement string, text string) string",
        "With every match of a regular expression replaced; $1 and ${name} stand for its groups.",
        regex_replace_all,
    ),
    texts(
        ["regexMatch", "regex_match"],
        "(pattern string, text string) bool",
        "Whether a regular expression matches anywhere in a text.",
        regex_match,
    ),
    texts(
        ["indent", "indent"],
        "(blanks int, text string) string",
        "With blanks before every line that is not empty.",
        indent,
    ),
    texts(
        ["raw", "raw"],
        "(value any) any",
        "The same, but printed as it is where the format of the file would have it quoted or refused.",
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
        "In base64.",
        |call| {
            let [only] = call.exactly("base64Encode")?;
            Ok(Value::from(BASE64.encode(bytes(only)?)))
        },
    ),
    texts(
        ["base64Decode", "base64_decode"],
        "(text string) string",
        "The text that is written in base64.",
        |call| decode(call, "base64Decode", &BASE64),
    ),
    texts(
        ["base64URLEncode", "base64_url_encode"],
        "(text string) string",
        "In the base64 of URLs.",
        |call| {
            let [only] = call.exactly("base64URLEncode")?;
            Ok(Value::from(BASE64_URL.encode(bytes(only)?)))
        },
    ),
    texts(
        ["base64URLDecode", "base64_url_decode"],
        "(text string) string",
        "The text that is written in the base64 of URLs.",
        |call| decode(call, "base64URLDecode", &BASE64_URL),
    ),
];

fn map(call: &Call<'_>, name: &str, change: impl Fn(&str) -> String) -> Outcome {
    let [only] = call.exactly(name)?;
    Ok(Value::from(change(text(only)?)))
}

fn with(call: &Call<'_>, name: &str, change: impl for<'a> Fn(&str, &'a str) -> Value) -> Outcome {
    let [first, last] = call.exactly(name)?;
    Ok(change(text(first)?, text(last)?))
}

/// The one character that Go's simple mapping knows; without one the character stays.
pub(super) fn lower(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(only), None) => only,
        _ if c == 'İ' => 'i',
        _ => c,
    }
}

pub(super) fn upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

fn replace_all(call: &Call<'_>) -> Outcome {
    let [from, to, last] = call.exactly("replaceAll")?;
    let (from, to, text) = (text(from)?, text(to)?, text(last)?);
    if text.matches(from).count().saturating_mul(to.len()) > MAX_LENGTH {
        return refuse("the result is too long");
    }
    Ok(Value::from(text.replace(from, to)))
}

fn regex_replace_all(call: &Call<'_>) -> Outcome {
    let [pattern, replacement, last] = call.exactly("regexReplaceAll")?;
    let (pattern, replacement, text) = (
        pattern::compile(text(pattern)?)?,
        text(replacement)?,
        text(last)?,
    );
    pattern::replace_all(&pattern, text, replacement, MAX_LENGTH).map(Value::from)
}

fn regex_match(call: &Call<'_>) -> Outcome {
    let [pattern, last] = call.exactly("regexMatch")?;
    Ok(Value::from(
        pattern::compile(text(pattern)?)?.is_match(text(last)?),
    ))
}

fn indent(call: &Call<'_>) -> Outcome {
    let [blanks, last] = call.exactly("indent")?;
    let (blanks, text) = (integer(blanks)?, text(last)?);
    let Ok(blanks) = usize::try_from(blanks) else {
        return refuse("indent value must be a positive integer");
    };
    let lines = text.split_inclusive('\n');
    if lines.clone().count().saturating_mul(blanks) > MAX_LENGTH {
        return refuse("the result is too long");
    }
    let prefix = " ".repeat(blanks);
    let indented = lines.flat_map(|line| [if line == "\n" { "" } else { &prefix }, line]);
    Ok(Value::from(indented.collect::<String>()))
}

fn decode(call: &Call<'_>, name: &str, engine: &impl base64::Engine) -> Outcome {
    let [only] = call.exactly(name)?;
    // Go skips line breaks.
    let written: String = text(only)?
        .chars()
        .filter(|c| !matches!(c, '\r' | '\n'))
        .collect();
    let bytes = engine.decode(written).or_else(|error| {
        refuse(match error {
            base64::DecodeError::InvalidByte(at, _)
            | base64::DecodeError::InvalidLastSymbol(at, _) => {
                format!("{name}: illegal base64 data at input byte {at}")
            }
            _ => format!("{name}: illegal base64 data: wrong length or padding"),
        })
    })?;
    String::from_utf8(bytes)
        .map(Value::from)
        .or_else(|_| refuse(format!("{name}: the result is not UTF-8 text")))
}
