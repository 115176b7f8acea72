//! Reads JSON without quoting it in errors.

use serde::de::DeserializeOwned;

/// Why a body is not the expected answer. No text quotes the body, which may be secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    /// A web page.
    #[error("it is HTML")]
    Html,
    /// The JSON is cut off.
    #[error("the JSON ends too early, at line {line} column {column}")]
    Incomplete { line: usize, column: usize },
    /// The JSON has other types or fields.
    #[error("the JSON has another shape than expected, at line {line} column {column}")]
    Shape { line: usize, column: usize },
    /// Not JSON.
    #[error("it is not JSON, at line {line} column {column}")]
    Syntax { line: usize, column: usize },
    /// The value of a key is not encoded as it should be.
    #[error("a value is not base64")]
    Base64,
    /// A leaf certificate is missing.
    #[error("it has no certificate")]
    NoCertificate,
}

/// Reads a value.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, WireError> {
    serde_json::from_slice(body).map_err(|error| {
        if body.trim_ascii_start().starts_with(b"<") {
            return WireError::Html;
        }
        // The text of `serde_json` quotes the unexpected value; its place and its kind are enough.
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Eof => WireError::Incomplete { line, column },
            serde_json::error::Category::Data => WireError::Shape { line, column },
            _ => WireError::Syntax { line, column },
        }
    })
}
