//! The text of a query, and what is wrong with it.

/// The argument of a function does not have the form of its query.
///
/// The text begins like consul-template's (`health.service: invalid format: "we b"`), so that searching for it finds
/// the same advice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{label}: invalid format: {written:?}: {reason}")]
pub struct QueryError {
    label: &'static str,
    written: String,
    reason: String,
}

/// The whole text and the name of its kind, for errors.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) label: &'static str,
    pub(super) text: &'a str,
}

impl Written<'_> {
    pub(super) fn refuse(self, reason: impl Into<String>) -> QueryError {
        QueryError {
            label: self.label,
            written: self.text.to_owned(),
            reason: reason.into(),
        }
    }

    /// Every character of `part` must be a letter, a digit, `_` or one of `more`.
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
