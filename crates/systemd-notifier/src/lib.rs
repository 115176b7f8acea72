//! Tells systemd the state of a service: ready, reloading, stopping, a status line, and the watchdog.
//!
//! A service of `Type=notify` sends datagrams to the socket that `NOTIFY_SOCKET` names, as `sd_notify(3)` describes.
//! systemd reads them when it has time. While its queue is full, a plain send blocks, and with it the event loop of the
//! service. The [`Notifier`] never blocks: what does not fit is queued, and sent at the time that
//! [`next_wake`](Notifier::next_wake) names.
//!
//! It has no thread, no timer and no runtime. The event loop calls [`notify`](Notifier::notify) after each event and at
//! `next_wake`, so that the watchdog's keep-alive messages show that the loop itself is running.
//!
//! # Example
//!
//! ```
//! use std::time::Instant;
//!
//! use systemd_notifier::{Notifier, State};
//!
//! # fn main() -> Result<(), systemd_notifier::ConnectError> {
//! let mut systemd = Notifier::from_environment(Instant::now())?;
//! // Where the service has started:
//! systemd.notify(State::Ready, "serving 3 sites", Instant::now());
//! // In the event loop, after each event and at this time at the latest:
//! let _wake = systemd.next_wake();
//! systemd.notify(State::Ready, "serving 3 sites", Instant::now());
//! // At the end:
//! systemd.notify(State::Stopping, "", Instant::now());
//! # Ok(())
//! # }
//! ```
//!
//! Without `NOTIFY_SOCKET`, nothing is sent, and [`is_connected`](Notifier::is_connected) is `false`.

// Each module imports only modules above it.

// The socket for notifications, which never blocks.
mod notify_socket;

// Decides what to send after a change of the state.
mod notices;

// Decides when to send the keep-alive message.
mod watchdog;

// The connection to systemd.
mod notifier;

pub use notices::State;
pub use notifier::{ConnectError, Notifier, VARIABLES};
