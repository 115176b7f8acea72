#![doc = include_str!("../README.md")]

mod chain;

pub use chain::{chain, without_numbers};
