//! Writes what was rendered, and remembers which commands are owed for it.
//!
//! in:  a batch of [`transaction::Change`]s: destinations, their new content, and the command that each is followed by
//! out: one [`transaction::Applied`] a change; the commands owed go into a [`ledger::Ledger`], which says when to run them
//!
//! Everything that touches the disk here blocks: call it on a thread of its own.

mod attributes;
pub mod backoff;
mod claims;
pub mod dry;
pub mod error;
mod in_place;
pub mod ledger;
mod leftover;
pub(crate) mod output;
mod place;
pub mod transaction;
pub mod write;
