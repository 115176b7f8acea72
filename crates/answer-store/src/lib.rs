#![doc = include_str!("../README.md")]

// Each module imports only modules above it.

// The errors of the store.
mod error;

// The SQLite database: opening, checking, removing.
mod database;

// What is written to the store, and what is read from it.
mod update;

// The rows of the database: answers, and when a source was seen last.
mod rows;

// Reads and writes answers.
mod store;

pub use error::StoreError;
pub use store::AnswerStore;
pub use update::{Damage, Kept, Loaded, Update, Written};
