#![doc = include_str!("../README.md")]

// The pauses between retries.
mod backoff;

// A part of a whole.
mod fraction;

pub use backoff::Backoff;
pub use fraction::Fraction;
