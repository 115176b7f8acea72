//! Reports the state of a service to systemd: ready, reloading, stopping, a status line, and the
//! watchdog.
//!
//! A service of `Type=notify` sends datagrams to the socket in `NOTIFY_SOCKET`, as `sd_notify(3)`
//! describes. While systemd's receive queue is full, a plain send blocks, and with it the event
//! loop of the service. The [`Notifier`] never blocks: messages that do not fit are queued and sent
//! at [`next_wake`](Notifier::next_wake).
//!
//! The notifier has no thread, no timer and no runtime. Your event loop calls
//! [`notify`](Notifier::notify) after each event and at `next_wake`, so the watchdog's keep-alive
//! messages prove that the loop itself is running.
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

// The non-blocking socket for notifications.
mod notify_socket;

// Decides which notification a change of the state needs.
mod notices;

// Decides when a keep-alive message is due.
mod watchdog;

// The connection to systemd.
mod notifier;

pub use notices::State;
pub use notifier::{ConnectError, Notifier, VARIABLES};
