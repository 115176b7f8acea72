//! The latest accepted answers.

mod failing;
mod guard;
mod saved;
mod snapshot;

pub use failing::{Failing, FailingQueries};
pub use guard::{Judgement, judge};
pub use saved::{DamagedAnswers, SavedAnswers};
pub use snapshot::Snapshot;
