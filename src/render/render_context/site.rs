//! Where in a template a query is requested.

use std::sync::Arc;

/// The call of a function that requests a query. The template finds its [place](crate::render::Template::place).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallSite {
    /// In a Go template: the byte of the source at which the call begins.
    Byte(usize),
    /// In a Jinja template, where a function is not told its place: what distinguishes the call in the source.
    Call(Arc<JinjaCall>),
}

/// A call in a Jinja template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JinjaCall {
    /// The name of the template that calls: the main template or an include.
    pub template: String,
    /// The function.
    pub function: &'static str,
    /// The positional arguments, a piped value last; `None` for one that is not a text.
    pub args: Vec<Option<String>>,
}
