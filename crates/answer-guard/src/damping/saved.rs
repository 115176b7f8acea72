//! The damped instances as they are kept on the disk between two processes.
//!
//! Their times are those of the wall clock. Toggles of instances that are not damped are not kept.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::track::{Damping, Track};
use crate::guard::{InstanceId, instance_id};
use consul_watch::answer::{Answer, Instance};
use consul_watch::query::Health;

/// A damped instance of an earlier process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedDamping {
    node: String,
    id: String,
    /// The status with which it is shown; `None`: it is left out.
    shown: Option<Health>,
    /// The start of the damping, and the last toggle, in milliseconds since 1970.
    since: i64,
    last_toggle: i64,
    toggles: u64,
}

/// The present time of both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    /// The monotonic clock.
    pub instant: Instant,
    /// The wall clock.
    pub time: Timestamp,
}

impl SavedDamping {
    /// The damping of an instance; `None` if it is not damped.
    pub(super) fn of(track: &Track, now: Clocks) -> Option<Self> {
        let damping = track.damping()?;
        Some(Self {
            node: track.node.clone(),
            id: track.id.clone(),
            shown: damping.worst.as_ref().map(|worst| worst.status),
            since: now.millis_of(damping.since),
            last_toggle: now.millis_of(damping.last_toggle),
            toggles: damping.toggles,
        })
    }

    /// The instance in a process with this first answer.
    pub(super) fn track(&self, answer: &Answer, now: Clocks) -> (InstanceId, Track) {
        let instance = Instance {
            node: self.node.clone(),
            id: self.id.clone(),
            ..Instance::default()
        };
        let mut track = Track::new(&instance);
        track.damping = Some(self.damping(answer, now));
        (instance_id(&instance), track)
    }

    /// Returns `true` if both are the same but for their times. Each toggle has a number.
    fn is_same(&self, other: &Self) -> bool {
        let names = (&self.node, &self.id) == (&other.node, &other.id);
        names && (self.shown, self.toggles) == (other.shown, other.toggles)
    }

    /// Returns `true` if these lists are the same but for times.
    #[must_use]
    pub fn are_same(some: &[Self], others: &[Self]) -> bool {
        let mut pairs = some.iter().zip(others);
        some.len() == others.len() && pairs.all(|(one, other)| one.is_same(other))
    }

    /// The damping of this instance in a process with this answer.
    fn damping(&self, answer: &Answer, now: Clocks) -> Damping {
        let is_own = |own: &&Arc<Instance>| own.node == self.node && own.id == self.id;
        let present = match answer {
            Answer::Service(instances) => instances.iter().find(is_own),
            _ => None,
        };
        // Its checks of that time are not kept.
        let worst = self.shown.map(|status| {
            let present = present.map(|own| Instance::clone(own));
            Arc::new(Instance {
                status,
                ..present.unwrap_or_default()
            })
        });
        Damping {
            since: now.instant_of(self.since),
            worst,
            last_toggle: now.instant_of(self.last_toggle),
            toggles: self.toggles,
        }
    }
}

impl Clocks {
    /// The time of the monotonic clock; at most now, because the wall clock may have been set.
    fn instant_of(self, millis: i64) -> Instant {
        let age = self.time.as_millisecond().saturating_sub(millis);
        let age = Duration::from_millis(u64::try_from(age).unwrap_or_default());
        self.instant.checked_sub(age).unwrap_or(self.instant)
    }

    /// The time of the wall clock, in milliseconds since 1970.
    fn millis_of(self, instant: Instant) -> i64 {
        let age = self.instant.saturating_duration_since(instant);
        let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        self.time.as_millisecond().saturating_sub(age)
    }
}
