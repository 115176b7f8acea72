//! The process group that a command and everything it starts live in, and its end.

use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::time::{sleep, timeout};

/// How often it is looked whether the last of the group is gone; only while it is being ended.
const LOOK: Duration = Duration::from_millis(20);

/// Owns a process group: dropped, it kills what is left of it.
///
/// The number stays reserved while any process is in the group, so a signal cannot hit a stranger: the group has its
/// leader until that was waited for, and after that it is either [released](Group::release) or being ended.
#[derive(Debug)]
pub(super) struct Group(Option<Pid>);

impl Group {
    /// The group of a child that was started as the leader of its own.
    pub(super) fn led_by(child: &Child) -> Self {
        // A child's number is positive; 0 or 1 would be our own group or every process.
        let id = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .filter(|id| *id > 1);
        Self(id.map(Pid::from_raw))
    }

    /// The leader has ended by itself; what it left in the background lives on.
    pub(super) fn release(mut self) {
        self.0 = None;
    }

    /// Asks all of the group to end, and kills after `grace` what has not.
    pub(super) async fn end(self, child: &mut Child, grace: Duration) {
        self.signal(Signal::SIGTERM);
        // A stopped process gets the request only when it goes on.
        self.signal(Signal::SIGCONT);
        let gone = async {
            let _ = child.wait().await;
            while self.exists() {
                sleep(LOOK).await;
            }
        };
        if timeout(grace, gone).await.is_ok() {
            return self.release();
        }
        self.signal(Signal::SIGKILL);
        // One that hangs in the kernel does not even die of this; it is not waited for for ever.
        let _ = timeout(grace, child.wait()).await;
        self.release();
    }

    fn exists(&self) -> bool {
        self.0
            .is_some_and(|id| killpg(id, None) != Err(Errno::ESRCH))
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.0 {
            // It may be gone already.
            let _ = killpg(id, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}
