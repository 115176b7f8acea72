//! Writes rendered files, and tracks the commands that they require.
//!
//! Input: a batch of [`transaction::Change`]s. Output: one [`transaction::Applied`] per change. A
//! [`ledger::Ledger`] decides when to run the owed commands.
//!
//! Writing blocks: call it on a worker thread.

pub mod dry;
pub mod ledger;
pub(crate) mod output;
pub mod remedy;
pub mod transaction;
pub mod write;
