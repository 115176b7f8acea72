//! ctmpl: a daemon that renders configuration files from Consul and reloads the programs that read them.
//!
//! ```text
//! arguments → config → watch → guard → render → decide → apply → command
//!                        ▲                │
//!                        └─ dependencies ─┘
//! ```
//!
//! | step | place |
//! |---|---|
//! | arguments, config | `ctmpl_options` |
//! | watch | `consul_watch` |
//! | guard | `answer_guard` |
//! | render | `consul_render` |
//! | decide | [`decide`] |
//! | apply | `group_apply`, in the order that [`daemon`] decides |
//! | command | [`command`] |
//!
//! A module imports only modules listed above it; `tests/layers.rs` checks this. The blank lines
//! keep rustfmt from sorting the list.

// The published state of the daemon, plain data for its readers, and whether it is ready.
pub mod report;

// Reports readiness, status and watchdog to systemd.
pub mod systemd;

// Shows the progress of `-once` on a terminal.
pub mod progress;

// Runs reload commands.
pub mod command;

// The sources of data on this host: files and plugins.
pub mod source;

// Converts the additional files of a rendering to those that are written.
pub mod additional_files;

// Decides when a rendering is written.
pub mod decide;

// Maps signals to actions.
pub mod signals;

// Decides when the supervised child process is started, signalled and killed.
pub mod child;

// The log with the configured outlets.
pub mod log;

// Writes and removes the PID file.
pub mod pid_file;

// Reports a panic without its text.
pub mod panic_hook;

// The daemon: the event loop and its parts.
pub mod daemon;

// The subcommands.
pub mod commands;
