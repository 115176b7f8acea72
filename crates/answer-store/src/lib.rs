#![doc = include_str!("../README.md")]

// Each module imports only modules above it.

// The errors of the store.
mod error;

// The SQLite database: opening, checking, removing.
mod database;

// Reads and writes answers.
mod store;

pub use error::StoreError;
pub use store::{AnswerStore, Kept, Update, Written};
