//! The values of a template that has a format, in a pass: marked where they are printed, bare where they are used.

use std::borrow::Cow;
use std::sync::atomic::Ordering;

use minijinja::Value;

use super::RenderContext;
use crate::config::resolved::Format;
use crate::query::Query;
use crate::render::provenance;
use ::functions::{Function, FunctionError};
use file_formats::escape::{
    is_plain,
    mark::{self, Kind},
};

impl RenderContext {
    /// The same pass, but its values are written for this format: those that are not plain are marked.
    #[must_use]
    pub fn writing(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// The same pass, but the marked value of this number is an error: it finds the place that prints it.
    #[must_use]
    pub fn refusing(mut self, number: usize, message: String) -> Self {
        self.refused = Some((number, message));
        self
    }

    /// The format that values are written for.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// A value as it is printed.
    ///
    /// # Errors
    /// Only in a pass that [refuses](Self::refusing) this value.
    pub(in crate::render) fn printed<'a>(
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

    /// An argument as a function is to see it: without marks. Those in a text that is printed `raw` stay.
    #[must_use]
    pub fn argument(&self, function: &Function, value: Value) -> Value {
        if function.go == "raw" {
            value
        } else {
            self.bare(value)
        }
    }

    /// A value without marks.
    #[must_use]
    pub fn bare(&self, value: Value) -> Value {
        match value.as_str() {
            Some(text) if self.format != Format::None && mark::is_marked(text) => {
                Value::from(mark::unmarked(text).into_owned())
            }
            _ => value,
        }
    }

    /// What a function yields of its arguments: a document of the format is written as it is, indented or not.
    #[must_use]
    pub fn outcome(&self, function: &Function, args: &[Value], value: Value) -> Value {
        let is_whole = || {
            makes_documents(self.format, function)
                || (only_indents(function) && args.last().is_some_and(Value::is_safe))
        };
        match value.as_str() {
            // What was in it before it was printed is no mark of ours.
            Some(text) if self.format != Format::None && is_whole() => {
                Value::from_safe_string(mark::unmarked(text).into_owned())
            }
            _ => value,
        }
    }

    /// Whether the answer to a query has this value in it.
    pub(in crate::render) fn is_origin(&self, query: &Query, value: &str) -> bool {
        self.snapshot
            .answer(query)
            .is_some_and(|answer| provenance::holds(answer, value))
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

/// Returns `true` if the result of a function is a whole document that needs no escape.
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
