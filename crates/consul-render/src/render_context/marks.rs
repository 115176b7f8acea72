//! The values of a template with a format: marked when they are printed, unmarked when functions use them.

use std::borrow::Cow;
use std::sync::atomic::Ordering;

use minijinja::Value;

use super::RenderContext;
use crate::provenance;
use ::functions::{Function, FunctionError};
use answer_guard::View;
use consul_watch::query::Query;
use file_formats::Format;
use file_formats::escape::{
    is_plain,
    mark::{self, Kind},
};

impl RenderContext {
    /// Sets the format. Printed values that are not plain are marked for it.
    #[must_use]
    pub(crate) fn writing(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Makes the marked value of this number an error, to find the place that prints it.
    #[must_use]
    pub(crate) fn refusing(mut self, number: usize, message: String) -> Self {
        self.refused = Some((number, message));
        self
    }

    /// The format for which values are printed.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Returns a value as it is printed.
    ///
    /// # Errors
    /// Only in a pass that is [refusing](Self::refusing) this value.
    pub(crate) fn printed<'a>(
        &self,
        value: &'a str,
        kind: Kind,
    ) -> Result<Cow<'a, str>, FunctionError> {
        let plain = match kind {
            Kind::Text => is_plain(self.format, value),
            Kind::Document => false,
        };
        if plain {
            return Ok(Cow::Borrowed(value));
        }
        let number = self.marked.fetch_add(1, Ordering::Relaxed);
        match &self.refused {
            Some((refused, message)) if *refused == number => Err(FunctionError::new(message)),
            _ => Ok(Cow::Owned(mark::marked(number, kind, value))),
        }
    }

    /// Prepares an argument for a function: without marks, except for `raw`.
    #[must_use]
    pub(crate) fn argument(&self, function: &Function, value: Value) -> Value {
        if function.go == "raw" {
            value
        } else {
            self.bare(value)
        }
    }

    /// Removes the marks from a value.
    #[must_use]
    pub(crate) fn bare(&self, value: Value) -> Value {
        match value.as_str() {
            Some(text) if self.format != Format::None && mark::is_marked(text) => {
                Value::from(mark::unmarked(text).into_owned())
            }
            _ => value,
        }
    }

    /// Prepares the result of a function: a document in the format of the file, indented or not, is
    /// printed unescaped.
    #[must_use]
    pub fn outcome(&self, function: &Function, args: &[Value], value: Value) -> Value {
        let is_whole = || {
            makes_documents(self.format, function)
                || (only_indents(function) && args.last().is_some_and(Value::is_safe))
        };
        match value.as_str() {
            // A mark in the text before it was printed is not ours.
            Some(text) if self.format != Format::None && is_whole() => {
                Value::from_safe_string(mark::unmarked(text).into_owned())
            }
            _ => value,
        }
    }

    /// Returns `true` if the answer to a query contains this value.
    pub(crate) fn is_origin(&self, query: &Query, value: &str) -> bool {
        [View::Accepted, View::Latest]
            .into_iter()
            .filter_map(|view| self.snapshot.answer_in(view, query))
            .any(|answer| provenance::holds(answer, value))
            || self
                .last_entry(query)
                .is_some_and(|pair| pair.value == value)
    }
}

/// The Go names of the functions that write JSON.
const JSON: [&str; 10] = [
    "toJSON",
    "toJSONPretty",
    "toUnescapedJSON",
    "toUnescapedJSONPretty",
    "sprig_toJson",
    "sprig_mustToJson",
    "sprig_toPrettyJson",
    "sprig_mustToPrettyJson",
    "sprig_toRawJson",
    "sprig_mustToRawJson",
];

/// Returns `true` if the result of a function is a complete document that needs no escaping.
fn makes_documents(format: Format, function: &Function) -> bool {
    match format {
        Format::Json => JSON.contains(&function.go),
        Format::Yaml => JSON.contains(&function.go) || function.go == "toYAML",
        Format::None | Format::Nginx | Format::Haproxy | Format::Shell => false,
    }
}

/// Returns `true` if a function only indents its text.
fn only_indents(function: &Function) -> bool {
    matches!(function.go, "indent" | "sprig_indent" | "sprig_nindent")
}
