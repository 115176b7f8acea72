//! Process 1 of a container: starts ctmpl as its child, passes signals on, and reaps orphans.
//!
//! The kernel gives orphans to process 1, and does not apply the default action of a signal to it.

use std::ffi::OsString;
use std::io;

use nix::sys::signal::kill;
use tokio::signal::unix::{SignalKind, signal};

use super::descendants::reap;
use super::exec_shim;
use super::exit::Exit;
use super::signal_listener;

/// Runs ctmpl with the same arguments, and returns its exit code.
pub(super) async fn run(words: &[OsString]) -> io::Result<u8> {
    let mut deaths = signal(SignalKind::child())?;
    let mut signals = signal_listener::listen()?;
    let own = std::iter::once("/proc/self/exe".into()).chain(words.iter().skip(1).cloned());
    let child = exec_shim::start(&own.collect::<Vec<_>>(), io::stdin())?;
    loop {
        tokio::select! {
            _ = deaths.recv() => {
                if let Some(status) = reap(child) {
                    return Ok(Exit(status).code());
                }
            }
            Some(signal) = signals.recv() => {
                let _ = kill(child, signal);
            }
        }
    }
}
