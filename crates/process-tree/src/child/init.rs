//! Process 1 of a container: starts this program as its child, forwards signals, and reaps orphans.
//!
//! The kernel gives orphans to process 1. It does not apply the default action of signals to
//! process 1.

use std::ffi::OsString;
use std::io;

use nix::sys::signal::kill;
use tokio::signal::unix::{SignalKind, signal};

use super::descendants::reap;
use super::exec_shim;
use super::exit::Exit;
use super::process_group::ProcessGroup;
use crate::signals;

/// Runs this program with the same arguments. Returns its exit code.
pub(super) async fn run(words: &[OsString]) -> io::Result<u8> {
    let mut deaths = signal(SignalKind::child())?;
    let mut received = signals::listen()?;
    let own = std::iter::once("/proc/self/exe".into()).chain(words.iter().skip(1).cloned());
    let child = exec_shim::start(&own.collect::<Vec<_>>(), ProcessGroup::Own, io::stdin())?;
    loop {
        tokio::select! {
            _ = deaths.recv() => {
                if let Some(status) = reap(child) {
                    return Ok(Exit(status).code());
                }
            }
            Some(signal) = received.recv() => {
                let _ = kill(child, signal);
            }
        }
    }
}
