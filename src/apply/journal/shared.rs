//! A value that one thread uses at a time, and that no thread waits for without a limit.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The value, or its absence while a thread uses it.
#[derive(Debug)]
pub(super) struct Shared<T> {
    slot: Mutex<Slot<T>>,
    returned: Condvar,
    /// How long a thread waits for the value.
    limit: Duration,
}

#[derive(Debug)]
struct Slot<T> {
    value: Option<T>,
    /// `true` if a thread has waited in vain since the value was taken. The others do not wait then.
    is_overdue: bool,
}

/// A value that another thread has used for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overdue {
    /// `true` if this is the first thread that has waited in vain.
    pub(super) is_first: bool,
}

impl<T> Shared<T> {
    pub(super) fn new(value: T, limit: Duration) -> Self {
        let slot = Slot {
            value: Some(value),
            is_overdue: false,
        };
        Self {
            slot: Mutex::new(slot),
            returned: Condvar::new(),
            limit,
        }
    }

    /// Works with the value.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> Result<R, Overdue> {
        let mut value = self.take()?;
        let result = work(&mut value);
        let mut slot = self.lock();
        *slot = Slot {
            value: Some(value),
            is_overdue: false,
        };
        self.returned.notify_one();
        Ok(result)
    }

    fn take(&self) -> Result<T, Overdue> {
        let slot = self.lock();
        let waits = |slot: &mut Slot<T>| slot.value.is_none() && !slot.is_overdue;
        let waited = self.returned.wait_timeout_while(slot, self.limit, waits);
        let (mut slot, _) = waited.unwrap_or_else(PoisonError::into_inner);
        slot.value.take().ok_or_else(|| Overdue {
            is_first: !std::mem::replace(&mut slot.is_overdue, true),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Slot<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn no_thread_waits_for_one_that_hangs_and_later_all_use_the_value() {
        let shared = &Shared::new(1, Duration::from_millis(50));
        let (release, held) = mpsc::channel::<()>();
        let (begun, begins) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                shared.with(|value| {
                    begun.send(()).unwrap();
                    let _ = held.recv();
                    *value += 1;
                })
            });
            begins.recv().unwrap();
            assert_eq!(shared.with(|_| ()), Err(Overdue { is_first: true }));
            assert_eq!(shared.with(|_| ()), Err(Overdue { is_first: false }));
            drop(release);
        });
        assert_eq!(shared.with(|value| *value), Ok(2));
    }
}
