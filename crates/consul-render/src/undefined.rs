//! The treatment of undefined values.

/// The treatment of undefined values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undefined {
    /// An undefined value is an error.
    Refused,
    /// An undefined value and its attributes are empty. The rendering continues past missing data
    /// to record its dependencies.
    Empty,
}
