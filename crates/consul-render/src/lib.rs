#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

// How a template is read and rendered.
mod options;

// Errors with their place.
mod error;

// The additional files that a template writes.
pub mod output;

// Finds the known name that is most similar to an unknown one.
mod nearest;

// Reads the text of a template.
mod source_text;

// The fields that a template sees in an answer.
pub mod records;

// Finds the answer that contains a value.
mod provenance;

// The treatment of undefined values.
mod undefined;

// What a call does while its query fails.
mod failure_policy;

// The options of a call that requests data.
mod call_options;

// The options that select and sort service instances.
mod choose;

// The parts of an answer that a template reads.
pub mod reading;

// The number of items that a call sees in an answer.
pub mod counted;

// The inputs of one rendering, and the queries that it has requested.
pub mod render_context;

// The functions of both languages.
pub mod functions;

// Hints for common mistakes.
mod hints;

// The reference of functions for a terminal.
pub mod reference;

// Go's template language.
mod go;

// Jinja.
pub mod jinja;

// Both languages behind one interface.
mod engine;

// The line of a template that a rendered line comes from.
pub mod line_origin;

// A parsed template.
mod template;

// Renders templates until all their requests are answered.
pub mod session;

pub use error::{Place, TemplateError};
pub use go::translate as go_error;
pub use options::{Language, Permissions, TemplateOptions, TemplateSource, language_of, sandbox};
pub use render_context::{
    Absence, CallSite, Dependencies, Guarding, JinjaCall, RenderEnv, Substitute, SubstituteKind,
};
pub use source_text::read as read_source;
pub use template::{Rendering, Template};
pub use undefined::Undefined;
