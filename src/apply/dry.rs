//! What a dry run prints instead of writing.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// `> DESTINATION`, a newline, and the content as it is, without a newline of our own at its end.
///
/// A template without a destination can be shown too; its first line ends after the blank.
pub fn shown(destination: Option<&Path>, content: &[u8]) -> Vec<u8> {
    let destination = destination.map_or(&[][..], |path| path.as_os_str().as_bytes());
    [b"> ", destination, b"\n", content].concat()
}

/// The same for what would be appended: `>> DESTINATION`.
pub fn shown_appended(destination: &Path, content: &[u8]) -> Vec<u8> {
    [b">", shown(Some(destination), content).as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_destination_comes_first_and_the_content_is_untouched() {
        assert_eq!(
            shown(Some(Path::new("out dir/a")), b"a\nb"),
            b"> out dir/a\na\nb"
        );
        assert_eq!(shown(Some(Path::new("a")), b"b\n"), b"> a\nb\n");
        assert_eq!(shown_appended(Path::new("a"), b"b\n"), b">> a\nb\n");
        assert_eq!(shown(None, b"\xff"), b"> \n\xff");
    }
}
