//! Go's times: the layouts in which they are written, and `time.Time` as a template value.

mod format;
mod layout;
mod parse;
mod value;

pub use format::format;
pub use parse::{ParseTimeError, parse};
pub use value::GoTime;
