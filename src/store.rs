//! The latest accepted answers.

mod damping;
mod failing;
mod guard;
mod saved;
mod snapshot;
mod unwritten;

pub use damping::{
    Clocks, DampedInstance, Damper, Flap, FlapChange, SavedDamping, Shown, damped_by,
};
pub use failing::{Failing, FailingQueries};
pub use guard::{
    Ended, Guard, GuardRules, Held, How, InstanceId, Loss, LossReason, Observation, Ruling,
    applies_to, instance_id, items,
};
pub use saved::SavedAnswers;
pub use snapshot::{Snapshot, View};
pub use unwritten::{Unwritten, UnwrittenAnswers, is_kept};
