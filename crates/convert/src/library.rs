//! The interface to the program whose templates are converted.

use std::sync::Arc;

use gotemplate::FunctionId;
use gotemplate::record::Fields;

/// A template function that exists in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function<'a> {
    /// The name in Go templates.
    pub go: &'a str,
    /// The name in Jinja templates.
    pub jinja: &'a str,
    /// The arguments and the result, in Go's order: `(key string, default string) string`.
    pub signature: &'a str,
    /// Whether Jinja templates can also use it as a filter.
    pub is_filter: bool,
}

/// The functions, the records and the Jinja environment of a program.
pub trait Library {
    /// Returns the function with this name in Go templates.
    fn resolve(&self, name: &str) -> Option<FunctionId>;

    /// Returns the function that a template refers to.
    fn function(&self, id: FunctionId) -> Option<Function<'_>>;

    /// Returns one record of each kind that functions return, with one item in every list. The
    /// converter reads the types of fields from them.
    fn records(&self) -> Vec<Arc<dyn Fields>>;

    /// Returns the error of a Jinja template that does not parse; `None` if it parses.
    fn jinja_error(&self, name: &str, text: &str) -> Option<String>;
}
