//! The process group of a command and its descendants.

use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::time::{sleep, timeout};

/// The time between SIGTERM and SIGKILL.
pub(super) const TERM_TIMEOUT: Duration = Duration::from_secs(5);

/// The interval of checks whether a stopped group has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A process group. Dropping the value kills the group.
///
/// While a process is in the group, its ID is not reused, so signals cannot reach unrelated
/// processes. The leader stays in the group until it is waited for; after that, the group is either
/// [released](Group::release) or being stopped.
#[derive(Debug)]
pub(super) struct Group(Option<Pid>);

impl Group {
    /// Creates the group of a child that was started as a group leader.
    pub(super) fn of_leader(child: &Child) -> Self {
        // 0 and 1 would select the own group and all processes.
        let id = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .filter(|id| *id > 1);
        Self(id.map(Pid::from_raw))
    }

    /// Releases the group: the leader has ended, and background processes keep running.
    pub(super) fn release(mut self) {
        self.0 = None;
    }

    /// Sends SIGTERM to the group, and SIGKILL after `term_timeout`.
    pub(super) async fn stop(self, child: &mut Child, term_timeout: Duration) {
        self.signal(Signal::SIGTERM);
        // A stopped process handles the signal only after it is continued.
        self.signal(Signal::SIGCONT);
        let gone = async {
            let _ = child.wait().await;
            while self.exists() {
                sleep(POLL_INTERVAL).await;
            }
        };
        if timeout(term_timeout, gone).await.is_ok() {
            return self.release();
        }
        self.signal(Signal::SIGKILL);
        // A process that hangs in the kernel does not die; do not wait for it forever.
        let _ = timeout(term_timeout, child.wait()).await;
        self.release();
    }

    fn exists(&self) -> bool {
        self.0
            .is_some_and(|id| killpg(id, None) != Err(Errno::ESRCH))
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.0 {
            // The group may have ended already.
            let _ = killpg(id, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}
