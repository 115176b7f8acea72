//! The units, in nanoseconds.

pub(crate) const NANOSECOND: u128 = 1;
pub(crate) const MICROSECOND: u128 = 1_000 * NANOSECOND;
pub(crate) const MILLISECOND: u128 = 1_000 * MICROSECOND;
pub(crate) const SECOND: u128 = 1_000 * MILLISECOND;
pub(crate) const MINUTE: u128 = 60 * SECOND;
pub(crate) const HOUR: u128 = 60 * MINUTE;
