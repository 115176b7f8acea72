#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

// The queries: catalog, health, KV, and those of other sources.
pub mod query;

// The typed answers to queries.
pub mod answer;

// The interface of a source of answers, and Consul as one.
pub mod source;

// Follows queries with blocking reads.
pub mod watch;
