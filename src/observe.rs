//! The status server: answers over HTTP what state the daemon is in.
//!
//! Input: the published [`Report`](crate::report::Report), and the iterations of the loop. Output: answers to `GET /healthz`,
//! `/readyz` and `/status`.
//!
//! The server has a thread and a runtime of its own: no request delays the loop, and a loop that hangs does not keep
//! the server from saying so. Without an address there is neither.

mod answer;
mod client;
mod conflict;
mod listener;
mod pulse;
mod readiness;
mod server;
mod status_server;

pub use answer::{HEALTH, READY, STATUS};
pub use client::{AskError, StatusResponse, ask};
pub use listener::{BindError, Bound, bind};
pub use pulse::Pulse;
pub use server::MAX_CONNECTIONS;
pub use status_server::{Change, StatusServer};
