//! Catches the signals that would end a process whose task is to outlive its child.

use std::io;

use nix::sys::signal::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::signals::PASSED_ON;

/// Starts to catch every signal that can be passed on.
pub(super) fn listen() -> io::Result<mpsc::UnboundedReceiver<Signal>> {
    let (sender, signals) = mpsc::unbounded_channel();
    for name in PASSED_ON {
        let mut listener = signal(SignalKind::from_raw(name as i32))?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while listener.recv().await.is_some() && sender.send(name).is_ok() {}
        });
    }
    Ok(signals)
}
