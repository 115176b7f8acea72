//! The number of an entry.

/// The number of an entry; it is never used again.
pub(super) type Id = u64;
