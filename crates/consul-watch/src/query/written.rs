//! The text of a query, and its syntax error.

/// The maximum number of characters of a text in an error.
const MAX_CHARS: usize = 200;

/// A syntax error in the argument of a template function.
///
/// The message begins like consul-template's (`health.service: invalid format: "we b"`), so that a
/// web search finds advice for both.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{label}: invalid format: {written:?}: {reason}")]
pub struct QueryError {
    label: &'static str,
    written: String,
    reason: String,
}

/// The text of a query with its label, for errors.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) label: &'static str,
    pub(super) text: &'a str,
}

impl Written<'_> {
    pub(super) fn refuse(self, reason: impl Into<String>) -> QueryError {
        QueryError {
            label: self.label,
            written: shortened(self.text),
            reason: reason.into(),
        }
    }

    /// Returns `part` if all its characters are letters, digits, `_` or in `more`.
    pub(super) fn word(self, part: &str, what: &str, more: &str) -> Result<String, QueryError> {
        if part.is_empty() {
            return Err(self.refuse(format!("{what} is empty")));
        }
        match part
            .chars()
            .find(|c| !(c.is_ascii_alphanumeric() || *c == '_' || more.contains(*c)))
        {
            None => Ok(part.to_owned()),
            Some(wrong) => Err(self.refuse(format!("{what} cannot contain {wrong:?}"))),
        }
    }
}

/// The beginning of a text that is too long for the log.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
