//! ctmpl: the daemon between service discovery and the programs that read configuration files.
//!
//! ```text
//! arguments → config → watch → store → render → decide → apply → command
//!                        ▲                │
//!                        └─ dependencies ─┘
//! ```
//!
//! A module imports only modules listed above it; `tests/layers.rs` checks this. The blank lines
//! keep rustfmt from sorting the list.

// The exit codes of the process.
pub mod exit_code;

// Writes an error with its causes on one line.
pub mod error_chain;

// The pauses between retries.
pub mod backoff;

// Opens and reads regular files only, so that a pipe or a device cannot block the program.
pub mod safe_read;

// Layers (files, environment, flags) become one resolved configuration.
pub mod config;

// Parses the command line; each flag is declared with its key in `config`.
pub mod cli;

// What a template can ask for: catalog, health, KV, files and plugins.
pub mod query;

// What a query returns, typed.
pub mod answer;

// The published state of the daemon: plain data for its readers.
pub mod report;

// Reports readiness, status and watchdog to systemd.
pub mod systemd;

// Runs reload commands.
pub mod command;

// Sources of data: Consul, files and plugins.
pub mod source;

// Follows queries with blocking reads, and files with notifications.
pub mod watch;

// The latest accepted answers.
pub mod store;

// Parses and renders templates in both languages.
pub mod render;

// Decides whether a rendering is written now, later or not at all.
pub mod decide;

// Maps signals to actions.
pub mod signals;

// Runs the supervised child process.
pub mod child;

// Writes files atomically and keeps the ledger of owed commands.
pub mod apply;

// The log: the outlets of the configuration.
pub mod log;

// Writes and removes the PID file.
pub mod pid_file;

// The daemon: the event loop and its state.
pub mod daemon;

// The subcommands.
pub mod commands;
