//! Runs commands to their end, and stops those that take too long.
//!
//! Input: a [`Command`], and a token that stops it.
//! Output: [`Finished`] or a [`CommandError`](crate::CommandError); meanwhile each line of its output goes to a [`Sink`].
//!
//! A command is a process group. If it exceeds its timeout or is stopped, the whole group gets SIGTERM, then SIGKILL.
//! Processes that a successful command leaves in the background keep running, because that is how services are started.

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
