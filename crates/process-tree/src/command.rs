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
mod run;
mod start;

pub use capture::capture;
pub use output::{Output, Sink, Stream};
pub use run::{Finished, run};
pub use start::Command;

#[cfg(test)]
mod tests;
