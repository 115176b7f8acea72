//! Process 1 of a container: starts this program as its child, forwards signals, and reaps orphans.
//!
//! The kernel gives orphans to process 1. It does not apply the default action of signals to
//! process 1.

use std::ffi::OsString;
use std::io;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use super::descendants::reap;
use super::exec_shim;
use super::exit::Exit;
use super::proc_table::survives;
use super::process_group::ProcessGroup;
use crate::signals;

/// The signals that are not forwarded before the child survives them. While the system still loads a program, each of
/// them would end it, though it handles them later. Signals that request the end are forwarded at once.
const HELD_BACK: [Signal; 3] = [Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2];

/// The time after the start of the child from which every signal is forwarded at once.
const START_TIMEOUT: Duration = Duration::from_secs(1);

/// The interval of checks whether the child survives a signal that is held back.
const CHECK_INTERVAL: Duration = Duration::from_millis(1);

/// Runs this program with the same arguments. Returns its exit code.
pub(super) async fn run(words: &[OsString]) -> io::Result<u8> {
    let mut deaths = signal(SignalKind::child())?;
    let mut received = signals::listen()?;
    let own = std::iter::once("/proc/self/exe".into()).chain(words.iter().skip(1).cloned());
    let child = exec_shim::start(&own.collect::<Vec<_>>(), ProcessGroup::Own, io::stdin())?;
    let started = Instant::now();
    let mut waiting = Vec::new();
    loop {
        tokio::select! {
            _ = deaths.recv() => {
                if let Some(status) = reap(child) {
                    return Ok(Exit(status).code());
                }
            }
            Some(signal) = received.recv() => waiting.push(signal),
            () = sleep(CHECK_INTERVAL), if !waiting.is_empty() => {}
        }
        let is_started = started.elapsed() >= START_TIMEOUT;
        waiting.retain(|signal| {
            let is_held_back = !is_started && is_held_back(child, *signal);
            if !is_held_back {
                let _ = kill(child, *signal);
            }
            is_held_back
        });
    }
}

/// Returns `true` if the signal would end the child before it can handle it.
fn is_held_back(child: Pid, signal: Signal) -> bool {
    HELD_BACK.contains(&signal) && !survives(child, signal)
}
