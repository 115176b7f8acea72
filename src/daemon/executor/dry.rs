//! The text that a dry run prints instead of writing a file.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Formats a whole file: `> NAME`, a newline and the unchanged content. The name is the destination,
/// or without one the template.
pub(super) fn shown(name: &Path, content: &[u8]) -> Vec<u8> {
    [b"> ", name.as_os_str().as_bytes(), b"\n", content].concat()
}

/// Formats appended content: like [`shown`], but with `>> DESTINATION`.
pub(super) fn shown_appended(destination: &Path, content: &[u8]) -> Vec<u8> {
    [b">", shown(destination, content).as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_destination_comes_first_and_the_content_is_unchanged() {
        assert_eq!(shown(Path::new("out dir/a"), b"a\nb"), b"> out dir/a\na\nb");
        assert_eq!(shown(Path::new("a"), b"b\n"), b"> a\nb\n");
        assert_eq!(shown_appended(Path::new("a"), b"b\n"), b">> a\nb\n");
        assert_eq!(shown(Path::new("b"), b"\xff"), b"> b\n\xff");
    }
}
