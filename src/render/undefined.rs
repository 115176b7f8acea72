//! How an undefined value is treated.

/// The treatment of undefined values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undefined {
    /// An error.
    Refused,
    /// Empty, and so is every attribute of it: a rendering that will be discarded continues, to record its dependencies.
    Empty,
}
