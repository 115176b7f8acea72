//! The flap damping of the followed queries: what templates with flap damping see of their answers.

mod answers;
mod dampers;
mod log;
mod rules;

pub(super) use dampers::Dampers;
