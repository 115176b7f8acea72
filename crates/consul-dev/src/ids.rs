//! UUIDs and stamps: random UUIDs, UUIDs that are derived from a name, and numbers that are never
//! repeated.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::digest;

/// The length of a UUID as text.
pub(crate) const UUID_LENGTH: usize = 36;

/// Returns a random UUID.
pub(crate) fn random() -> String {
    grouped(&format!(
        "{:016x}{:016x}",
        fastrand::u64(..),
        fastrand::u64(..)
    ))
}

/// Returns the UUID of a name; it is the same in every process.
pub(crate) fn of_name(name: &str) -> String {
    grouped(&hex(
        digest::digest(&digest::SHA256, name.as_bytes()).as_ref(),
        "",
    ))
}

/// Returns bytes as hexadecimal numbers with this text between them.
pub(crate) fn hex(bytes: &[u8], between: &str) -> String {
    let mut text = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        let between = if at == 0 { "" } else { between };
        // Writing to a string does not fail.
        let _ = write!(text, "{between}{byte:02x}");
    }
    text
}

/// Returns a number that differs from all numbers returned before.
pub(crate) fn stamp() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// Returns the first 32 digits in the groups of a UUID.
fn grouped(digits: &str) -> String {
    let groups = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..32],
    ];
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_name_is_a_stable_uuid() {
        assert_eq!(of_name("n1"), of_name("n1"));
        assert_ne!(of_name("n1"), of_name("n2"));
        for id in [of_name("n1"), random()] {
            let groups: Vec<usize> = id.split('-').map(str::len).collect();
            assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
            assert_eq!(id.len(), UUID_LENGTH);
        }
    }

    #[test]
    fn bytes_are_written_with_two_digits() {
        assert_eq!(hex(&[1, 0xab], ":"), "01:ab");
    }
}
