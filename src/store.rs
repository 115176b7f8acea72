//! The latest accepted answers.

mod guard;
mod saved;
mod snapshot;

pub use guard::{Judgement, judge};
pub use saved::{DamagedAnswers, SavedAnswers};
pub use snapshot::Snapshot;
