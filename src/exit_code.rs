//! The exit codes of the process: those of consul-template where it has one for the situation.
//!
//! A child process (`exec`) ends ctmpl with its own exit code instead.

/// Everything was written, and every command succeeded.
pub const SUCCESS: u8 = 0;

/// `convert` or `migrate` could not convert everything, or the result prints something different.
pub const INCOMPLETE: u8 = 1;

/// A signal ended the process.
pub const INTERRUPTED: u8 = 12;

/// The command line is wrong.
pub const USAGE: u8 = 13;

/// A template, a command, Consul or the operating system failed.
pub const FAILURE: u8 = 14;

/// The configuration, or a template that `validate` checks, is invalid.
pub const CONFIG: u8 = 15;

/// Required data was still missing when the time limit of `-once` was reached.
pub const TIMED_OUT: u8 = 16;

/// The program of the child process cannot be started; a shell's code for that.
pub const CANNOT_EXECUTE: u8 = process_tree::CANNOT_EXECUTE;
