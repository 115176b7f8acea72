//! Writes rendered files, and tracks the commands that they require.
//!
//! Input: a batch of [`transaction::Change`]s. Output: one [`transaction::Applied`] per change. A
//! [`ledger::Ledger`] decides when to run the owed commands.
//!
//! Writing blocks: call it on a worker thread.

mod append;
mod attributes;
mod claims;
mod directory;
pub mod dry;
pub mod error;
mod in_place;
pub mod ledger;
mod leftover;
pub(crate) mod output;
mod target;
mod temporary;
pub mod transaction;
pub mod write;
