//! The place in a template that requests a query.

use std::sync::Arc;

/// A function call that requests a query. [`Template::place`](crate::Template::place)
/// resolves its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallSite {
    /// In a Go template: the byte offset at which the call begins.
    Byte(usize),
    /// In a Jinja template, whose functions do not know their place: the properties that identify
    /// the call in the source.
    Call(Arc<JinjaCall>),
}

/// A call in a Jinja template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JinjaCall {
    /// The name of the calling template: the main template or an include.
    pub template: String,
    /// The function.
    pub function: &'static str,
    /// The positional arguments, a piped value last; `None` for an argument that is not a string.
    pub args: Vec<Option<String>>,
}
