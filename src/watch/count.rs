//! Counts the followers in a certain state.

use tokio::sync::watch;

/// Counts one follower until it is dropped.
pub(super) struct CountGuard(watch::Sender<usize>);

impl CountGuard {
    pub(super) fn begin(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for CountGuard {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
