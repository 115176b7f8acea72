//! Notices that the machine was suspended: connections may be dead, and timers have stood still.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// The difference of the clocks from which the machine was suspended.
const MIN_SUSPENSION: Duration = Duration::from_secs(5);

/// The time that the machine was suspended since it was started.
#[derive(Debug)]
pub(super) struct Suspension(Duration);

impl Suspension {
    pub(super) fn new() -> Self {
        Self(suspended())
    }

    /// Returns `true` if the machine was suspended since the last call.
    pub(super) fn has_ended(&mut self) -> bool {
        let before = std::mem::replace(&mut self.0, suspended());
        self.0.saturating_sub(before) >= MIN_SUSPENSION
    }
}

/// The time that the machine was suspended: one clock runs meanwhile, the other does not.
fn suspended() -> Duration {
    let read = |clock| clock_gettime(clock).map_or(Duration::ZERO, Duration::from);
    // This order never makes the difference larger than it is.
    let all = read(ClockId::CLOCK_BOOTTIME);
    all.saturating_sub(read(ClockId::CLOCK_MONOTONIC))
}
