//! The mount points below a directory.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use super::error::NamespaceError;

/// Returns the mount points below a directory, parents before their children.
pub(super) fn below(directory: &Path) -> Result<Vec<PathBuf>, NamespaceError> {
    let file = Path::new("/proc/self/mountinfo");
    let table = fs::read(file).map_err(NamespaceError::when("read", file))?;
    Ok(parse(&table, directory))
}

/// Parses lines such as `36 35 98:0 /root /mount/point rw,noatime - ext4 /dev/sda1 rw`.
fn parse(table: &[u8], directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = table
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b' ').nth(4))
        .map(unescape)
        .filter(|path| path.starts_with(directory) && path != directory)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Decodes `\040` and the like: the kernel writes white space and backslashes in octal.
fn unescape(text: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'\\')
            .then(|| std::str::from_utf8(after.get(..3)?).ok())
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(code) = code {
            bytes.push(code);
            rest = &after[3..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_below_a_directory_are_found() {
        let table = b"1 0 8:1 / / rw - ext4 /dev/sda rw\n\
            2 1 8:1 / /etc/nginx rw - ext4 /dev/sda rw\n\
            5 2 8:1 / /etc/nginx/b\\040c\\134 rw - ext4 /dev/sda rw\n\
            3 2 8:1 / /etc/nginx/a rw shared:1 - ext4 /dev/sda rw\n\
            4 3 8:1 / /etc/nginx/a rw - tmpfs none rw\n\
            6 1 8:1 / /etc/nginx2 rw - ext4 /dev/sda rw\nnot a line\n";
        let found = parse(table, Path::new("/etc/nginx"));
        assert_eq!(
            found,
            [Path::new("/etc/nginx/a"), Path::new("/etc/nginx/b c\\")]
        );
        assert!(parse(table, Path::new("/srv")).is_empty());
    }

    #[test]
    fn an_incomplete_escape_stays() {
        for text in ["\\", "\\04", "\\999", "a\\x41"] {
            assert_eq!(unescape(text.as_bytes()), Path::new(text));
        }
    }
}
