#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

// What is written, how, and what follows.
pub mod options;

// Points at which a test stops the process.
pub mod fault;

// Content that `Debug` does not show.
mod secret;

// The destinations with the files at the end of their links.
pub mod targets;

// The size of a change, and the change budget.
pub mod budget;

// A change of one destination, and its result.
pub mod change;

// Compares a destination with what was written last.
pub mod drift;

// The pauses between the commands of a group.
mod pace;

// Records in the ledger what is written, and whether its command has succeeded.
pub mod journal;

// Writes destinations.
pub mod write;

// Writes the additional files of a template.
pub mod output;

// A change that is staged.
mod staged_change;

// Stages and swaps a batch of changes.
pub mod transaction;

// The groups that owe their command after a write.
pub mod owed;

// Decides when the owed commands run.
pub mod debts;

// The state machine of a group.
pub mod group;

// The files whose command is owed as they were when it succeeded for the last time.
pub mod replaced;

// Compares the destinations with what an earlier process has written.
pub mod last_good;

// The results of the requested holds.
pub mod hold_results;

// The requests of the command line.
pub mod requests;
