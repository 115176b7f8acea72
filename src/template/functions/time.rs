//! Go's times: the layouts in which they are written, and `time.Time` as a template value.

mod format;
mod layout;
mod parse;
mod value;

pub(super) use format::format;
pub(super) use parse::parse;
pub(super) use value::GoTime;
