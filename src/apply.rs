//! Writes rendered files, and tracks the commands that they require.
//!
//! Input: a batch of [`change::Change`]s. Output: one [`change::Applied`] per change. [`debts::Debts`] decides when to run the owed commands.
//!
//! Writing blocks: call it on a worker thread.

pub mod budget;
pub mod change;
pub mod debts;
pub mod drift;
pub mod dry;
pub mod fault;
pub mod group;
pub mod hold_results;
pub mod journal;
pub mod last_good;
pub(crate) mod output;
pub mod owed;
mod pace;
pub mod remedy;
pub mod requests;
mod secret;
mod staged_change;
pub mod targets;
pub mod transaction;
pub mod write;
