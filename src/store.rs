//! The latest accepted answers.

mod guard;
mod snapshot;

pub use guard::{Judgement, judge};
pub use snapshot::Snapshot;
