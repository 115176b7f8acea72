//! The process group of a command and of the processes that it starts.

use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::time::{sleep, timeout};

/// How long a command may take to end after SIGTERM, before SIGKILL.
pub(super) const TERM_TIMEOUT: Duration = Duration::from_secs(5);

/// The interval of checks whether the group is gone, while it is being stopped.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A process group that is killed when this is dropped.
///
/// The ID stays reserved while a process is in the group, so a signal cannot reach an unrelated process: the group has
/// its leader until that was waited for, and then it is either [released](Group::release) or being stopped.
#[derive(Debug)]
pub(super) struct Group(Option<Pid>);

impl Group {
    /// The group of a child that was started as a group leader.
    pub(super) fn of_leader(child: &Child) -> Self {
        // 0 and 1 would mean our own group and every process.
        let id = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .filter(|id| *id > 1);
        Self(id.map(Pid::from_raw))
    }

    /// Gives the group up: the leader has ended, and processes in the background keep running.
    pub(super) fn release(mut self) {
        self.0 = None;
    }

    /// Sends SIGTERM to the group, and SIGKILL after `term_timeout`.
    pub(super) async fn stop(self, child: &mut Child, term_timeout: Duration) {
        self.signal(Signal::SIGTERM);
        // A stopped process handles the signal only when it continues.
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
            // The group may be gone already.
            let _ = killpg(id, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}
