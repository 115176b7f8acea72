//! Reads JSON with errors that do not quote it.

use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed};

/// The reason for which a body is not the expected answer. The text never quotes the body, which
/// may be secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    /// The body is a web page.
    #[error("it is HTML")]
    Html,
    /// The JSON is truncated.
    #[error("the JSON ends too early, at line {line} column {column}")]
    Incomplete { line: usize, column: usize },
    /// The JSON has unexpected types or fields.
    #[error("the JSON has another shape than expected, at line {line} column {column}")]
    Shape { line: usize, column: usize },
    /// The body is not JSON.
    #[error("it is not JSON, at line {line} column {column}")]
    Syntax { line: usize, column: usize },
    /// The value of a key is not valid base64.
    #[error("a value is not base64")]
    Base64,
    /// The header with the index is missing.
    #[error("it has no X-Consul-Index")]
    NoIndex,
    /// The leaf certificate is missing.
    #[error("it has no certificate")]
    NoCertificate,
}

/// Deserializes a value.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, WireError> {
    json_of(body, PhantomData)
}

/// Deserializes a value as the seed does; it may borrow from the body.
pub(super) fn json_of<'de, S: DeserializeSeed<'de>>(
    body: &'de [u8],
    seed: S,
) -> Result<S::Value, WireError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = seed.deserialize(&mut deserializer);
    let read = read.and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| wire_error(body, &error))
}

fn wire_error(body: &[u8], error: &serde_json::Error) -> WireError {
    if body.trim_ascii_start().starts_with(b"<") {
        return WireError::Html;
    }
    // The message of `serde_json` quotes the unexpected value; use only its position and category.
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Eof => WireError::Incomplete { line, column },
        serde_json::error::Category::Data => WireError::Shape { line, column },
        _ => WireError::Syntax { line, column },
    }
}
