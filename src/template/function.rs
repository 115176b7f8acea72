//! A function of the library, for both template languages.

pub use ::functions::{Call, Function, FunctionError, Group, named};
