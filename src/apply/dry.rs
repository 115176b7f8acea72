//! The text that a dry run prints instead of writing a file.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Formats a whole file: `> DESTINATION`, a newline and the unchanged content.
///
/// Without a destination, the first line is `> `.
pub fn shown(destination: Option<&Path>, content: &[u8]) -> Vec<u8> {
    let destination = destination.map_or(&[][..], |path| path.as_os_str().as_bytes());
    [b"> ", destination, b"\n", content].concat()
}

/// Formats appended content: like [`shown`], but with `>> DESTINATION`.
pub fn shown_appended(destination: &Path, content: &[u8]) -> Vec<u8> {
    [b">", shown(Some(destination), content).as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_destination_comes_first_and_the_content_is_unchanged() {
        assert_eq!(
            shown(Some(Path::new("out dir/a")), b"a\nb"),
            b"> out dir/a\na\nb"
        );
        assert_eq!(shown(Some(Path::new("a")), b"b\n"), b"> a\nb\n");
        assert_eq!(shown_appended(Path::new("a"), b"b\n"), b">> a\nb\n");
        assert_eq!(shown(None, b"\xff"), b"> \n\xff");
    }
}
