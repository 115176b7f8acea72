//! Limits the work of parsing and rendering.
//!
//! Loops, function calls and parsers [spend](Budget::spend) steps. Spending fails after the deadline, when the stop flag
//! is set, or when the steps are used up. Every later call fails too, so that the work ends soon.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::time::Instant;

/// The clock is read once per this many spent steps.
const STEPS_PER_CLOCK_READ: usize = 64;

/// The work that may be done: until a deadline, until a flag is set, or up to a number of steps.
///
/// A step is an iteration, a call, a token, or a byte that a function reads. The budget is shared by reference; clones
/// of an [`Arc`] of it spend from the same steps.
#[derive(Debug)]
pub struct Budget {
    deadline: Option<Instant>,
    stop: Arc<AtomicBool>,
    max_steps: usize,
    spent: AtomicUsize,
    /// The code of the first [`Exhausted`]; 0 if there is none.
    exhausted: AtomicU8,
}

/// The reason why a [`Budget`] allows no further work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    /// The steps are used up.
    #[error("the template needs more steps than it may take")]
    Steps,
    /// The deadline has passed.
    #[error("the template takes too long: its deadline is over")]
    Deadline,
    /// The stop flag is set.
    #[error("the template was stopped before it was finished")]
    Stopped,
}

impl Budget {
    /// Creates a budget that lasts until the deadline, if there is one, or until `stop` is set.
    #[must_use]
    pub fn new(deadline: Option<Instant>, stop: Arc<AtomicBool>) -> Self {
        Self {
            deadline,
            stop,
            max_steps: usize::MAX,
            spent: AtomicUsize::new(0),
            exhausted: AtomicU8::new(0),
        }
    }

    /// Creates a budget without limits.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::new(None, Arc::default())
    }

    /// The same budget with a maximum number of steps.
    #[must_use]
    pub fn with_max_steps(mut self, max_steps: usize) -> Self {
        self.max_steps = max_steps;
        self
    }

    /// Spends steps. Looks at the stop flag each time, and at the clock once per 64 steps.
    ///
    /// # Errors
    /// [`Exhausted`] if the work has to end; then each later call fails too.
    pub fn spend(&self, steps: usize) -> Result<(), Exhausted> {
        self.state()?;
        if self.stop.load(Ordering::Relaxed) {
            return Err(self.exhaust(Exhausted::Stopped));
        }
        let before = self.spent.fetch_add(steps, Ordering::Relaxed);
        let after = before.saturating_add(steps);
        if after > self.max_steps {
            return Err(self.exhaust(Exhausted::Steps));
        }
        let reads_clock = before / STEPS_PER_CLOCK_READ != after / STEPS_PER_CLOCK_READ;
        match self.deadline {
            Some(deadline) if reads_clock && Instant::now() >= deadline => {
                Err(self.exhaust(Exhausted::Deadline))
            }
            _ => Ok(()),
        }
    }

    /// Spends enough steps that the clock is read. Call it before work that takes long and spends nothing itself.
    ///
    /// # Errors
    /// As [`spend`](Self::spend).
    pub fn spend_for_slow_work(&self) -> Result<(), Exhausted> {
        self.spend(STEPS_PER_CLOCK_READ)
    }

    /// Returns `true` if spending has failed.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.state().is_err()
    }

    fn state(&self) -> Result<(), Exhausted> {
        match self.exhausted.load(Ordering::Relaxed) {
            0 => Ok(()),
            1 => Err(Exhausted::Steps),
            2 => Err(Exhausted::Deadline),
            _ => Err(Exhausted::Stopped),
        }
    }

    #[cold]
    fn exhaust(&self, why: Exhausted) -> Exhausted {
        let code = match why {
            Exhausted::Steps => 1,
            Exhausted::Deadline => 2,
            Exhausted::Stopped => 3,
        };
        self.exhausted.store(code, Ordering::Relaxed);
        why
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::unlimited()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_unlimited_budget_allows_any_number_of_steps() {
        let budget = Budget::unlimited();
        assert_eq!(budget.spend(1), Ok(()));
        assert_eq!(budget.spend(1 << 40), Ok(()));
        assert!(!budget.is_exhausted());
    }

    #[test]
    fn the_stop_flag_ends_the_work_at_the_next_step() {
        let stop = Arc::new(AtomicBool::new(false));
        let budget = Budget::new(None, Arc::clone(&stop));
        assert_eq!(budget.spend(1), Ok(()));
        stop.store(true, Ordering::Relaxed);
        assert_eq!(budget.spend(1), Err(Exhausted::Stopped));
        assert!(budget.is_exhausted());
    }

    #[test]
    fn a_deadline_is_noticed_within_64_steps() {
        let budget = Budget::new(Some(Instant::now()), Arc::default());
        let steps = (0..64).take_while(|_| budget.spend(1).is_ok()).count();
        assert!(steps < 64, "{steps}");
        assert_eq!(budget.spend(0), Err(Exhausted::Deadline));
    }

    #[test]
    fn slow_work_does_not_begin_after_the_deadline() {
        let budget = Budget::new(Some(Instant::now()), Arc::default());
        assert_eq!(budget.spend_for_slow_work(), Err(Exhausted::Deadline));
        let later = Instant::now() + Duration::from_secs(600);
        assert_eq!(
            Budget::new(Some(later), Arc::default()).spend_for_slow_work(),
            Ok(())
        );
    }

    #[test]
    fn steps_beyond_the_maximum_fail_from_then_on() {
        let budget = Budget::unlimited().with_max_steps(10);
        assert_eq!(budget.spend(10), Ok(()));
        assert_eq!(budget.spend(1), Err(Exhausted::Steps));
        assert_eq!(budget.spend(0), Err(Exhausted::Steps));
    }
}
