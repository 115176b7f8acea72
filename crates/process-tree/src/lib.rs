//! Runs commands and supervises a child process; ends both with all their descendants.
//!
//! A program that starts others can leave processes behind: when it is killed, when a command
//! hangs, or when a shell dies before the program that it started. This library has two ways to run
//! a program, and both clean up.
//!
//! # Commands
//!
//! [`run`] passes the output of a [`Command`] to a sink line by line; [`capture`] collects it. A
//! command is a process group with a timeout. At the timeout, or if the
//! [`CancellationToken`](tokio_util::sync::CancellationToken) is cancelled, the whole group
//! receives SIGTERM, and SIGKILL five seconds later. If the future is dropped, the group is killed
//! at once.
//!
//! ```
//! use std::time::Duration;
//!
//! use process_tree::{Command, CommandLine, Environment, Sink, run};
//! use tokio_util::sync::CancellationToken;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), process_tree::CommandError> {
//! let command = Command {
//!     line: CommandLine::Shell("echo reloading; systemctl --version || true".to_owned()),
//!     timeout: Duration::from_secs(30),
//!     environment: Environment::inherited(),
//! };
//! let sink = Sink::of_lines(|stream, line| println!("{stream:?}: {line}"));
//! let finished = run(&command, &CancellationToken::new(), sink).await?;
//! println!("took {:?}", finished.took);
//! # Ok(())
//! # }
//! ```
//!
//! # Supervised child processes
//!
//! [`supervise`] runs a [`Child`] until it ends, and sends it signals. Between the two processes is
//! a reaper: a small process that becomes the parent of all orphaned descendants, including those
//! that have left the process group. If the supervisor is killed, even with SIGKILL, the reaper
//! kills them. If the reaper is killed, the kernel kills the child.
//!
//! The reaper is your own executable, so `main` must begin with [`run_role`]:
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

// The command line of a program, and its form in messages.
mod command_line;

// The environment of a program.
mod environment;

// Finds programs on the `PATH` of this process.
mod locate;

// The errors of commands.
mod error;

// Runs commands to their end.
mod command;

// The signals that are forwarded to a child process.
mod signals;

// Supervises a child process through a reaper.
mod child;

pub use child::{CANNOT_EXECUTE, Child, Exit, Order, run_role, supervise};
pub use command::{Command, Finished, Output, Relay, Sink, Stream, capture, run};
pub use command_line::CommandLine;
pub use environment::Environment;
pub use error::CommandError;
pub use signals::PASSED_ON;
