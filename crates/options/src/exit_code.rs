//! The exit codes of the process. They are those of consul-template where it has one for the situation.
//!
//! If a child process (`exec`) exits unrequested, ctmpl exits with the code of the child.

/// Everything was written, and every command succeeded.
pub const SUCCESS: u8 = 0;

/// `convert` or `migrate` could not convert everything, or the result differs.
pub const INCOMPLETE: u8 = 1;

/// `status` asks a daemon that is not ready, or not healthy.
pub const NOT_READY: u8 = 1;

/// `status` gets no answer of a daemon, as `systemctl status` for a program that does not run.
pub const NO_DAEMON: u8 = 3;

/// `plan` found changes that the daemon would make.
pub const CHANGES: u8 = 2;

/// A signal ended the process.
pub const INTERRUPTED: u8 = 12;

/// The command line is invalid.
pub const USAGE: u8 = 13;

/// A template, a command, Consul or the operating system failed.
pub const FAILURE: u8 = 14;

/// The configuration, or a template that `validate` checks, is invalid.
pub const CONFIG: u8 = 15;

/// Required data was missing when the timeout of `-once` expired.
pub const TIMED_OUT: u8 = 16;

/// The program of the child process cannot be started; the code is that of a shell.
pub const CANNOT_EXECUTE: u8 = process_tree::CANNOT_EXECUTE;
