//! Verifies by its processes that a server has reloaded its configuration.
//!
//! Input: the processes before the reload command, and those after it, at several times. Output: the
//! new workers, or a [`VerifyError`].
//!
//! A reload command that succeeds proves little: a master accepts the signal, and keeps its old
//! workers if it rejects the new configuration.

mod error;
mod master;
mod observe;
mod verification;

pub use error::VerifyError;
pub use master::Server;
pub use observe::{Before, Verification, verify};
pub use verification::Verified;

#[cfg(test)]
mod tests;
