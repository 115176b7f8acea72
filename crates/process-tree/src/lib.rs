//! Runs commands and supervises a child process, and ends them with all their descendants.
//!
//! A program that starts others leaves processes behind when it is killed, when a command hangs, or when a shell dies and
//! the program that it has started does not. This library has two ways to run a program, and both clean up.
//!
//! # A command that runs to its end
//!
//! [`run`] hands out the output of a [`Command`] line by line, [`capture`] collects it. A command is a process group with
//! a time limit. At the limit, or if the [`CancellationToken`](tokio_util::sync::CancellationToken) is cancelled, the
//! whole group gets SIGTERM, and five seconds later SIGKILL. If the future is dropped, the group is killed at once.
//!
//! ```
//! use std::time::Duration;
//!
//! use process_tree::{Command, CommandLine, Environment, run};
//! use tokio_util::sync::CancellationToken;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), process_tree::CommandError> {
//! let command = Command {
//!     line: CommandLine::Shell("echo reloading; systemctl --version || true".to_owned()),
//!     timeout: Duration::from_secs(30),
//!     environment: Environment::inherited(),
//! };
//! let sink = Box::new(|stream, line: &str| println!("{stream:?}: {line}"));
//! let finished = run(&command, &CancellationToken::new(), sink).await?;
//! println!("took {:?}", finished.took);
//! # Ok(())
//! # }
//! ```
//!
//! # A child process that is supervised
//!
//! [`supervise`] runs a [`Child`] until it ends, and sends it signals meanwhile. Between both processes there is a reaper,
//! a small process that becomes the parent of all orphaned descendants, also of those that have left the process group.
//! If the supervisor is killed, even with SIGKILL, the reaper kills all of them; if the reaper is killed, the kernel kills
//! the child.
//!
//! The reaper is the executable itself, so `main` has to begin with [`run_role`]:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use process_tree::{Child, CommandLine, Environment, Order, run_role, supervise};
//! use tokio::sync::mpsc;
//!
//! fn main() -> ExitCode {
//!     if let Some(code) = run_role(std::env::args_os()) {
//!         return ExitCode::from(code);
//!     }
//!     start()
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn start() -> ExitCode {
//!     let child = Child {
//!         line: CommandLine::Direct(vec!["haproxy".into(), "-f".into(), "haproxy.cfg".into()]),
//!         environment: Environment::inherited(),
//!         end_signals: Vec::new(),
//!     };
//!     // Send Order::Signal or Order::Kill while it runs.
//!     let (_orders, receiver) = mpsc::unbounded_channel();
//!     match supervise(&child, receiver).await {
//!         Ok(exit) => ExitCode::from(exit.code()),
//!         Err(error) => {
//!             eprintln!("{error}");
//!             ExitCode::FAILURE
//!         }
//!     }
//! }
//! ```
//!
//! Linux only. Signals are those of the crate `nix`.

// Each module imports only modules above it.

// The command line of a program, and how messages show it.
mod command_line;

// The environment of a program.
mod environment;

// Finds programs on the `PATH` of this process.
mod locate;

// Why a command did not succeed.
mod error;

// Runs commands to their end.
mod command;

// The signals that are passed on to a child process.
mod signals;

// Supervises a child process through a reaper.
mod child;

pub use child::{CANNOT_EXECUTE, Child, Exit, Order, run_role, supervise};
pub use command::{Command, Finished, Output, Sink, Stream, capture, run};
pub use command_line::CommandLine;
pub use environment::Environment;
pub use error::CommandError;
pub use signals::PASSED_ON;
