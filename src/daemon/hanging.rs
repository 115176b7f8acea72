//! The message about a file system that may hang.

/// The text of an error: something was not done in time. `what`: "the file was not read".
pub(super) fn not_in_time(what: &str) -> String {
    format!("{what} in time; does its file system hang?")
}
