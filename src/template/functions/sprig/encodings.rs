//! Encodings, checksums and JSON.

use base64::Engine as _;
use data_encoding::BASE32;
use minijinja::Value;
use ring::digest::{self, Algorithm};

use super::sprig;
use crate::template::function::{Call, Function};
use crate::template::functions::args::{Outcome, bytes, refuse, text};
use crate::template::functions::hash::hex;
use crate::template::functions::text::BASE64;
use crate::template::json::{self, Style};

pub(in crate::template::functions) static TABLE: &[Function] = &[
    sprig(
        ["sprig_b64enc", "sprig_b64enc"],
        "(text string) string",
        "In base64.",
        |call| written(call, "sprig_b64enc", |bytes| BASE64.encode(bytes)),
    ),
    sprig(
        ["sprig_b64dec", "sprig_b64dec"],
        "(text string) string",
        "The text that is written in base64; if it is none, what is wrong with it.",
        |call| decoded(call, "sprig_b64dec", from_base64),
    ),
    sprig(
        ["sprig_b32enc", "sprig_b32enc"],
        "(text string) string",
        "In base32.",
        |call| written(call, "sprig_b32enc", |bytes| BASE32.encode(bytes)),
    ),
    sprig(
        ["sprig_b32dec", "sprig_b32dec"],
        "(text string) string",
        "The text that is written in base32; if it is none, what is wrong with it.",
        |call| decoded(call, "sprig_b32dec", from_base32),
    ),
    sprig(
        ["sprig_sha1sum", "sprig_sha1sum"],
        "(text string) string",
        "The SHA-1 in hex.",
        |call| sum(call, "sprig_sha1sum", &digest::SHA1_FOR_LEGACY_USE_ONLY),
    ),
    sprig(
        ["sprig_sha256sum", "sprig_sha256sum"],
        "(text string) string",
        "The SHA-256 in hex.",
        |call| sum(call, "sprig_sha256sum", &digest::SHA256),
    ),
    sprig(
        ["sprig_sha512sum", "sprig_sha512sum"],
        "(text string) string",
        "The SHA-512 in hex.",
        |call| sum(call, "sprig_sha512sum", &digest::SHA512),
    ),
    sprig(
        ["sprig_adler32sum", "sprig_adler32sum"],
        "(text string) string",
        "The Adler-32 in decimal.",
        |call| written(call, "sprig_adler32sum", |bytes| adler32(bytes).to_string()),
    ),
    sprig(
        ["sprig_fromJson", "sprig_from_json"],
        "(text string) any",
        "The value that is written in JSON, or nil; its numbers are floats.",
        |call| {
            let [only] = call.exactly("sprig_fromJson")?;
            Ok(json::read(text(only)?).unwrap_or_else(|_| Value::from(())))
        },
    ),
    sprig(
        ["sprig_mustFromJson", "sprig_must_from_json"],
        "(text string) any",
        "The value that is written in JSON; its numbers are floats.",
        |call| {
            let [only] = call.exactly("sprig_mustFromJson")?;
            json::read(text(only)?).or_else(|error| refuse(format!("sprig_mustFromJson: {error}")))
        },
    ),
    sprig(
        ["sprig_toJson", "sprig_to_json"],
        "(value any) string",
        "In JSON on one line, with <, > and & escaped; an empty text for what JSON cannot say.",
        |call| forgiving(call, "sprig_toJson", ESCAPED),
    ),
    sprig(
        ["sprig_toPrettyJson", "sprig_to_pretty_json"],
        "(value any) string",
        "In JSON, indented by two blanks; an empty text for what JSON cannot say.",
        |call| forgiving(call, "sprig_toPrettyJson", PRETTY),
    ),
    sprig(
        ["sprig_toRawJson", "sprig_to_raw_json"],
        "(value any) string",
        "In JSON, with <, > and & as they are.",
        |call| strict(call, "sprig_toRawJson", RAW),
    ),
    sprig(
        ["sprig_mustToJson", "sprig_must_to_json"],
        "(value any) string",
        "In JSON on one line, with <, > and & escaped.",
        |call| strict(call, "sprig_mustToJson", ESCAPED),
    ),
    sprig(
        ["sprig_mustToPrettyJson", "sprig_must_to_pretty_json"],
        "(value any) string",
        "In JSON, indented by two blanks.",
        |call| strict(call, "sprig_mustToPrettyJson", PRETTY),
    ),
    sprig(
        ["sprig_mustToRawJson", "sprig_must_to_raw_json"],
        "(value any) string",
        "In JSON, with <, > and & as they are.",
        |call| strict(call, "sprig_mustToRawJson", RAW),
    ),
];

const ESCAPED: Style = Style {
    pretty: false,
    escape_html: true,
};
const PRETTY: Style = Style {
    pretty: true,
    escape_html: true,
};
const RAW: Style = Style {
    pretty: false,
    escape_html: false,
};

fn forgiving(call: &Call<'_>, name: &str, style: Style) -> Outcome {
    let [only] = call.exactly(name)?;
    Ok(Value::from(json::write(only, style).unwrap_or_default()))
}

fn strict(call: &Call<'_>, name: &str, style: Style) -> Outcome {
    let [only] = call.exactly(name)?;
    json::write(only, style).map(Value::from).or_else(refuse)
}

fn sum(call: &Call<'_>, name: &str, algorithm: &'static Algorithm) -> Outcome {
    written(call, name, |bytes| {
        hex(digest::digest(algorithm, bytes).as_ref())
    })
}

/// The bytes of the only argument, written in another way.
fn written(call: &Call<'_>, name: &str, write: impl Fn(&[u8]) -> String) -> Outcome {
    let [only] = call.exactly(name)?;
    Ok(Value::from(write(bytes(only)?)))
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % MODULUS;
        (low, (high + low) % MODULUS)
    });
    (high << 16) | low
}

/// Where the text stops being what it should be, sprig yields that as the text.
fn decoded(call: &Call<'_>, name: &str, decode: fn(&str) -> Result<Vec<u8>, String>) -> Outcome {
    let [only] = call.exactly(name)?;
    // Go skips line breaks.
    let written: String = text(only)?
        .chars()
        .filter(|c| !matches!(c, '\r' | '\n'))
        .collect();
    Ok(match decode(&written) {
        Ok(bytes) => text_or_bytes(bytes),
        Err(problem) => Value::from(problem),
    })
}

/// A Go string, which need not be UTF-8.
pub(super) fn text_or_bytes(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(error) => Value::from_bytes(error.into_bytes()),
    }
}

pub(super) fn from_base64(text: &str) -> Result<Vec<u8>, String> {
    BASE64.decode(text).map_err(|error| {
        let at = match error {
            base64::DecodeError::InvalidByte(at, _)
            | base64::DecodeError::InvalidLastSymbol(at, _) => at,
            _ => text.trim_end_matches('=').len() / 4 * 4,
        };
        format!("illegal base64 data at input byte {at}")
    })
}

fn from_base32(text: &str) -> Result<Vec<u8>, String> {
    BASE32
        .decode(text.as_bytes())
        .map_err(|error| format!("illegal base32 data at input byte {}", error.position))
}
