//! Runs reload commands and plugins, and stops those that take too long.
//!
//! Input: a [`CommandConfig`](crate::config::resolved::CommandConfig), variables for its environment, and a token that
//! stops it.
//! Output: [`Finished`] or a [`CommandError`]; meanwhile each line of its output goes to a [`Sink`].
//!
//! A command is a process group. If it exceeds its timeout or is stopped, the whole group gets SIGTERM, then SIGKILL.
//! Processes that a successful command leaves in the background keep running, because that is how services are started.

mod capture;
mod environment;
mod error;
mod group;
mod line;
mod lines;
mod locate;
mod output;
mod redact;
mod run;
mod start;

pub use capture::capture;
pub use environment::environment;
pub use error::CommandError;
pub use locate::{locate, locate_shell};
pub use output::{Output, Sink, Stream, log};
pub use run::{Finished, run};
