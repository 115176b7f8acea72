//! What is reported about instances that flap.

use std::time::Duration;

use consul_watch::query::Health;

/// An instance whose damping changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flap {
    /// The node of the instance.
    pub node: String,
    /// The ID of the instance.
    pub id: String,
    /// The number of its toggles.
    pub toggles: u64,
    /// What has changed.
    pub change: FlapChange,
}

/// A change in the damping of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlapChange {
    /// It is damped.
    Damped(Shown),
    /// It toggles too often, but is not damped: `max_damped` is reached, or it is the last one that is not damped.
    Flapping,
    /// It is damped no longer.
    Released {
        /// The time for which it was damped.
        after: Duration,
    },
}

/// How a damped instance is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Not at all.
    Absent,
    /// With this status.
    As(Health),
}

/// An instance that is damped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DampedInstance<'a> {
    /// Its node.
    pub node: &'a str,
    /// Its ID.
    pub id: &'a str,
    /// The number of its toggles since it began to flap.
    pub toggles: u64,
    /// How it is shown.
    pub shown: Shown,
}

impl Shown {
    /// The word for log fields and the report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::As(Health::Unknown) => "unknown",
            Self::As(health) => health.as_str(),
        }
    }
}
