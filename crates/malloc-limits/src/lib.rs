#![doc = include_str!("../README.md")]

mod limits;

pub use limits::set;
