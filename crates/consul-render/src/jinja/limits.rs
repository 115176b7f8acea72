//! The limits of a rendering.

/// The maximum number of steps of a rendering. 64 bytes of output count as one step. The limit
/// takes about a second.
pub(super) const FUEL: u64 = if cfg!(test) { 1_000_000 } else { 10_000_000 };

/// The maximum nesting of macros and includes: a macro counts as 4, an include as 10.
pub(super) const DEPTH: usize = 300;
