//! Process 1 of a container: starts this program as its child, forwards signals, and reaps orphans.
//!
//! The kernel gives orphans to process 1. It does not apply the default action of signals to
//! process 1.

use std::ffi::OsString;
use std::io;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
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

/// The time after the start of the child from which every signal is forwarded at once. Loading the program takes
/// milliseconds, but seconds if the CPU of the container is throttled. Without `/proc`, signals wait for this time.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// The shortest and the longest interval of checks whether the child survives a signal that is held back. The interval
/// grows with the age of the child, so that the checks take no CPU time that a throttled child needs.
const CHECK_INTERVALS: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(100)];

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
            () = sleep(check_interval(started.elapsed())), if !waiting.is_empty() => {}
        }
        let age = started.elapsed();
        waiting.retain(|signal| {
            let is_held_back = is_held_back(*signal, age, || survives(child, *signal));
            if !is_held_back {
                let _ = kill(child, *signal);
            }
            is_held_back
        });
    }
}

/// Returns `true` if the signal would end a child of this age before it can handle it.
fn is_held_back(signal: Signal, age: Duration, survives: impl FnOnce() -> bool) -> bool {
    HELD_BACK.contains(&signal) && age < START_TIMEOUT && !survives()
}

fn check_interval(age: Duration) -> Duration {
    let [shortest, longest] = CHECK_INTERVALS;
    (age / 16).clamp(shortest, longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hup_does_not_end_a_child_that_a_throttled_cpu_loads_for_seconds() {
        for seconds in [0, 2, 29] {
            let age = Duration::from_secs(seconds);
            for signal in HELD_BACK {
                assert!(is_held_back(signal, age, || false), "{signal} {age:?}");
                assert!(!is_held_back(signal, age, || true), "{signal} {age:?}");
            }
            assert!(!is_held_back(Signal::SIGTERM, age, || false), "{age:?}");
        }
        assert!(!is_held_back(Signal::SIGHUP, START_TIMEOUT, || false));
        let intervals = [0, 160, 5000].map(|age| check_interval(Duration::from_millis(age)));
        assert_eq!(intervals, [1, 10, 100].map(Duration::from_millis));
    }
}
