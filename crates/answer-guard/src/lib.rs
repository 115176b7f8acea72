#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

// Decides whether an answer that has lost items is held back.
mod guard;

// Decides which instances come and go too often.
mod damping;

// The queries that fail now.
mod failing;

// The latest accepted answers.
mod snapshot;

// The sizes of the accepted answers, for the next process.
mod answer_sizes;

pub use answer_sizes::AnswerSizes;
pub use damping::{
    Clocks, DampedInstance, Damper, Flap, FlapChange, FlapDampingConfig, SavedDamping, Shown,
    damped_by,
};
pub use failing::{Failing, FailingQueries};
pub use guard::{
    Ended, Guard, GuardConfig, GuardRules, Held, How, InstanceId, Loss, LossReason, Observation,
    Ruling, applies_to, instance_id, items,
};
pub use snapshot::{Earlier, Origin, SeenBy, Snapshot, View};
