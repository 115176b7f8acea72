//! The descendants of a reaper: reaps, signals and ends them.

use std::collections::HashSet;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use rustix::process::{WaitOptions, wait};
use tokio::time::{sleep, sleep_until, timeout, timeout_at};

use super::proc_table::{handles, processes};

/// The time after SIGKILL until a process is considered to hang in the kernel.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);
/// The interval of scans for new orphans.
const SCAN_INTERVAL: Duration = Duration::from_millis(100);
/// The interval of checks whether all descendants have ended.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The kind of the child, which decides who receives a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The child is the program itself.
    Program,
    /// The child is a shell that runs the program.
    Shell,
}

/// Reaps all ended processes. Returns the status of the child if it is one of them.
pub(super) fn reap(child: Pid) -> Option<ExitStatus> {
    let mut ended = None;
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((id, status))) if id.as_raw_nonzero().get() == child.as_raw() => {
                ended = Some(ExitStatus::from_raw(status.as_raw()));
            }
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Ok(None) | Err(_) => return ended,
        }
    }
}

/// Sends a signal to the program. A shell receives it only if the signal `ends` the child or the
/// shell has a handler. Otherwise the signal would kill the shell, but not the program that it
/// waits for.
pub(super) fn deliver(signal: Signal, child: Pid, kind: Kind, ends: bool) {
    if kind == Kind::Program {
        let _ = kill(child, signal);
        return;
    }
    let ends = ends || matches!(signal, Signal::SIGTERM | Signal::SIGINT | Signal::SIGQUIT);
    let mut others = processes()
        .filter(|process| process.group == child && process.id != child)
        .peekable();
    if ends || others.peek().is_none() || handles(child, signal) {
        let _ = killpg(child, signal);
        return;
    }
    for process in others {
        let _ = kill(process.id, signal);
    }
}

/// Sends SIGTERM once to each descendant that did not receive the signal that ended the child, and
/// waits until all descendants have ended. These are the processes outside of the child's group
/// and, if only the program was signalled, also its group.
pub(super) async fn terminate_remaining(child: Pid, kind: Kind) {
    if kind == Kind::Program {
        let _ = killpg(child, Signal::SIGTERM);
    }
    let mut signalled = HashSet::new();
    while !is_childless() {
        // A descendant becomes a child of this process when its own parent ends.
        for process in processes() {
            let is_orphan = process.parent == Pid::this() && process.group != child;
            if is_orphan && signalled.insert(process.id) {
                let _ = kill(process.id, Signal::SIGTERM);
            }
        }
        let _ = timeout(SCAN_INTERVAL, all_gone()).await;
    }
}

/// Waits until all descendants have ended.
async fn all_gone() {
    while !is_childless() {
        sleep(POLL_INTERVAL).await;
    }
}

/// Ends all descendants: with SIGTERM and, after `term_timeout`, with SIGKILL. With a timeout of
/// zero, it sends only SIGKILL.
pub(super) async fn end_all(child: Pid, term_timeout: Duration) {
    let deadline = Instant::now() + term_timeout;
    if !term_timeout.is_zero() {
        signal_all(child, Signal::SIGTERM);
        signal_all(child, Signal::SIGCONT);
        if timeout_at(deadline.into(), all_gone()).await.is_ok() {
            return;
        }
    }
    // The children of a killed process become children of this one, so repeat until all are
    // reached. Do not wait for a process that hangs in the kernel.
    let latest = Instant::now() + KILL_TIMEOUT;
    while !is_childless() && Instant::now() < latest {
        signal_all(child, Signal::SIGKILL);
        sleep_until((Instant::now() + POLL_INTERVAL).into()).await;
    }
}

fn signal_all(child: Pid, signal: Signal) {
    let _ = killpg(child, signal);
    for process in processes().filter(|process| process.parent == Pid::this()) {
        let _ = kill(process.id, signal);
    }
}

/// Reaps all ended processes. Returns `true` if no child process is left.
fn is_childless() -> bool {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(None) => return false,
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return true,
        }
    }
}
