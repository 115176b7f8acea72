//! Functions for encodings, hashes and JSON.

use base64::Engine as _;
use data_encoding::BASE32;
use minijinja::Value;
use ring::digest::{self, Algorithm};

use super::sprig;
use crate::args::{FunctionResult, bytes, fail, text};
use crate::function::{Call, Function, FunctionError};
use crate::hash::hex;
use crate::text::BASE64;
use gotemplate::json::{self, Style};

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_b64enc", "sprig_b64enc"],
        "(text string) string",
        "The string in base64.",
        |call| encode(call, "sprig_b64enc", |bytes| BASE64.encode(bytes)),
    ),
    sprig(
        ["sprig_b64dec", "sprig_b64dec"],
        "(text string) string",
        "The decoded base64 string; for invalid base64 the text of the error.",
        |call| decode(call, "sprig_b64dec", from_base64),
    ),
    sprig(
        ["sprig_b32enc", "sprig_b32enc"],
        "(text string) string",
        "The string in base32.",
        |call| encode(call, "sprig_b32enc", |bytes| BASE32.encode(bytes)),
    ),
    sprig(
        ["sprig_b32dec", "sprig_b32dec"],
        "(text string) string",
        "The decoded base32 string; for invalid base32 the text of the error.",
        |call| decode(call, "sprig_b32dec", from_base32),
    ),
    sprig(
        ["sprig_sha1sum", "sprig_sha1sum"],
        "(text string) string",
        "The SHA-1 hash of a string in hexadecimal.",
        |call| hash(call, "sprig_sha1sum", &digest::SHA1_FOR_LEGACY_USE_ONLY),
    ),
    sprig(
        ["sprig_sha256sum", "sprig_sha256sum"],
        "(text string) string",
        "The SHA-256 hash of a string in hexadecimal.",
        |call| hash(call, "sprig_sha256sum", &digest::SHA256),
    ),
    sprig(
        ["sprig_sha512sum", "sprig_sha512sum"],
        "(text string) string",
        "The SHA-512 hash of a string in hexadecimal.",
        |call| hash(call, "sprig_sha512sum", &digest::SHA512),
    ),
    sprig(
        ["sprig_adler32sum", "sprig_adler32sum"],
        "(text string) string",
        "The Adler-32 checksum of a string in decimal.",
        |call| encode(call, "sprig_adler32sum", |bytes| adler32(bytes).to_string()),
    ),
    sprig(
        ["sprig_fromJson", "sprig_from_json"],
        "(text string) any",
        "The value of a JSON document, or nil if it is invalid; its numbers are floats.",
        |call| {
            let [only] = call.exactly("sprig_fromJson")?;
            Ok(json::read(text(only)?).unwrap_or_else(|_| Value::from(())))
        },
    ),
    sprig(
        ["sprig_mustFromJson", "sprig_must_from_json"],
        "(text string) any",
        "The value of a JSON document; its numbers are floats.",
        |call| {
            let [only] = call.exactly("sprig_mustFromJson")?;
            json::read(text(only)?).or_else(|error| fail(format!("sprig_mustFromJson: {error}")))
        },
    ),
    sprig(
        ["sprig_toJson", "sprig_to_json"],
        "(value any) string",
        "The value as JSON on one line, with <, > and & escaped; an empty string if JSON has no such value.",
        |call| to_json_or_empty(call, "sprig_toJson", ESCAPED),
    ),
    sprig(
        ["sprig_toPrettyJson", "sprig_to_pretty_json"],
        "(value any) string",
        "The value as JSON, indented by two spaces; an empty string if JSON has no such value.",
        |call| to_json_or_empty(call, "sprig_toPrettyJson", PRETTY),
    ),
    sprig(
        ["sprig_toRawJson", "sprig_to_raw_json"],
        "(value any) string",
        "The value as JSON on one line; <, > and & are not escaped.",
        |call| to_json(call, "sprig_toRawJson", RAW),
    ),
    sprig(
        ["sprig_mustToJson", "sprig_must_to_json"],
        "(value any) string",
        "The value as JSON on one line; <, > and & are escaped.",
        |call| to_json(call, "sprig_mustToJson", ESCAPED),
    ),
    sprig(
        ["sprig_mustToPrettyJson", "sprig_must_to_pretty_json"],
        "(value any) string",
        "The value as JSON, indented by two spaces.",
        |call| to_json(call, "sprig_mustToPrettyJson", PRETTY),
    ),
    sprig(
        ["sprig_mustToRawJson", "sprig_must_to_raw_json"],
        "(value any) string",
        "The value as JSON on one line; <, > and & are not escaped.",
        |call| to_json(call, "sprig_mustToRawJson", RAW),
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

fn to_json_or_empty(call: &Call<'_>, name: &str, style: Style) -> FunctionResult {
    let [only] = call.exactly(name)?;
    Ok(Value::from(json::write(only, style).unwrap_or_default()))
}

fn to_json(call: &Call<'_>, name: &str, style: Style) -> FunctionResult {
    let [only] = call.exactly(name)?;
    json::write(only, style).map(Value::from)
}

fn hash(call: &Call<'_>, name: &str, algorithm: &'static Algorithm) -> FunctionResult {
    encode(call, name, |bytes| {
        hex(digest::digest(algorithm, bytes).as_ref())
    })
}

/// Encodes the bytes of the only argument.
fn encode(call: &Call<'_>, name: &str, encode: impl Fn(&[u8]) -> String) -> FunctionResult {
    let [only] = call.exactly(name)?;
    Ok(Value::from(encode(bytes(only)?)))
}

fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % MODULUS;
        (low, (high + low) % MODULUS)
    });
    (high << 16) | low
}

/// Decodes the only argument. As in sprig, an error becomes the result, as text.
fn decode(
    call: &Call<'_>,
    name: &str,
    decoder: fn(&str) -> Result<Vec<u8>, FunctionError>,
) -> FunctionResult {
    let [only] = call.exactly(name)?;
    Ok(match decoder(text(only)?) {
        Ok(bytes) => text_or_bytes(bytes),
        Err(error) => Value::from(error.to_string()),
    })
}

/// Returns a Go string, whose bytes may not be UTF-8.
pub(super) fn text_or_bytes(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(error) => Value::from_bytes(error.into_bytes()),
    }
}

/// Returns a text without line breaks, which Go ignores.
fn without_line_breaks(text: &str) -> String {
    text.chars().filter(|c| !is_line_break(*c)).collect()
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\r' | '\n')
}

pub(super) fn from_base64(text: &str) -> Result<Vec<u8>, FunctionError> {
    let encoded = without_line_breaks(text);
    BASE64.decode(&encoded).map_err(|error| {
        let is_digit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
        let at = match (encoded.find(|c| !is_digit(c)), error) {
            (Some(at), _)
            | (
                None,
                base64::DecodeError::InvalidByte(at, _)
                | base64::DecodeError::InvalidLastSymbol(at, _),
            ) => at,
            _ => encoded.trim_end_matches('=').len() / 4 * 4,
        };
        // Go counts the line breaks before the position.
        let mut places = text.char_indices().filter(|(_, c)| !is_line_break(*c));
        let shown = places.nth(encoded[..at].chars().count());
        let at = shown.map_or(text.len(), |(at, _)| at);
        FunctionError::new(format!("illegal base64 data at input byte {at}"))
    })
}

fn from_base32(text: &str) -> Result<Vec<u8>, FunctionError> {
    let encoded = without_line_breaks(text);
    BASE32.decode(encoded.as_bytes()).map_err(|error| {
        let is_digit = |c: char| c.is_ascii_uppercase() || matches!(c, '2'..='7' | '=');
        let at = encoded.find(|c| !is_digit(c)).unwrap_or(error.position);
        FunctionError::new(format!("illegal base32 data at input byte {at}"))
    })
}
