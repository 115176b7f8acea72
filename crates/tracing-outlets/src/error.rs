//! The error of opening an outlet.

use std::io;

use crate::outlet::Outlet;

/// An outlet that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot log to {outlet}")]
pub struct OpenError {
    /// The outlet.
    pub outlet: Outlet,
    /// The cause.
    pub source: io::Error,
}
