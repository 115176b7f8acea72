//! What the converter has to know of the program whose templates it converts.

use std::sync::Arc;

use gotemplate::FunctionId;
use gotemplate::record::Fields;

/// A template function that both languages know.
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

/// The functions and records of a program, and its Jinja.
pub trait Library {
    /// The function with this name in Go templates.
    fn resolve(&self, name: &str) -> Option<FunctionId>;

    /// The function that a template refers to.
    fn function(&self, id: FunctionId) -> Option<Function<'_>>;

    /// One record of each kind that functions return, with one item in every list. Their fields tell the types of
    /// values.
    fn records(&self) -> Vec<Arc<dyn Fields>>;

    /// The error of a Jinja template that does not parse; `None` if it parses.
    fn jinja_error(&self, name: &str, text: &str) -> Option<String>;
}
