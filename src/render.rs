//! Renders templates and records their dependencies.
//!
//! Input: a source, its language, and a [`Snapshot`](crate::store::Snapshot) of the accepted answers. Output: a
//! [`Rendering`]: the text or the error, every dependency, and the dependencies without data.
//!
//! A file imports only files that are listed above it.

// Errors with their place.
pub mod error;

// The file that a template writes besides its destination.
pub mod output;

// The known name that is most similar to an unknown one.
mod nearest;

// What a template sees of an answer.
pub mod records;

// Whether an answer contains a value.
mod provenance;

// How an undefined value is treated.
mod undefined;

// What one rendering may see, and what it has requested.
pub mod render_context;

// The options that select and sort service instances.
pub mod choose;

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

// A parsed template.
mod template;

// Renders templates until all their requests are answered.
pub mod session;

pub use error::{Place, TemplateError};
pub(crate) use go::told as go_error;
pub use render_context::{Absence, CallSite, Dependencies, JinjaCall, RenderEnv};
pub(crate) use template::read as read_source;
pub use template::{Rendering, Template};
pub use undefined::Undefined;
