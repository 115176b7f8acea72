//! Writes rendered files, and tracks the commands that they require.
//!
//! Input: a batch of [`change::Change`]s. Output: one [`change::Applied`] per change. [`debts::Debts`] decides when to run the owed commands.
//!
//! Writing blocks: call it on a worker thread.

pub mod change;
pub mod debts;
pub mod dry;
pub mod group;
pub(crate) mod output;
pub mod owed;
mod pace;
pub mod remedy;
pub mod transaction;
pub mod write;
