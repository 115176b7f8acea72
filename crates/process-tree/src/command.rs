//! Runs commands to their end, and stops those that take too long.
//!
//! Input: a [`Command`], and a token that stops it. Output: [`Finished`] or a
//! [`CommandError`](crate::CommandError). A [`Sink`] receives each line of output while the command
//! runs.
//!
//! A command is a process group. If it exceeds its timeout or is stopped, the whole group receives
//! SIGTERM, then SIGKILL. Background processes of a successful command keep running, because a
//! command may start a service.

mod capture;
mod group;
mod lines;
mod output;
mod relay;
mod run;
mod start;
mod stream;

pub use capture::capture;
pub use output::{Output, Sink};
pub use relay::Relay;
pub use run::{Finished, run};
pub use start::Command;
pub use stream::Stream;

#[cfg(test)]
mod tests;
