//! The names of temporary files, and the removal of those that a killed process left behind.
//!
//! A staged file is named `.NAME.ctmpl-RANDOM`, in the directory of the file `NAME` that it is to replace.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many random characters a name ends with.
pub(super) const RANDOM_LEN: usize = 8;
const MARK: &[u8] = b".ctmpl-";
/// The longest name that Linux file systems take.
const NAME_MAX: usize = 255;
/// Nothing is staged that long: what is older belongs to a process that was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(10 * 60);

/// What the temporary files of a destination's file `name` begin with.
pub(super) fn prefix(name: &OsStr) -> OsString {
    let room = NAME_MAX - 1 - MARK.len() - RANDOM_LEN;
    let mut prefix = b".".to_vec();
    prefix.extend_from_slice(shortened(name, room));
    prefix.extend_from_slice(MARK);
    OsString::from_vec(prefix)
}

/// At most `room` bytes of `name`, without cutting a character in two: some file systems insist on UTF-8.
fn shortened(name: &OsStr, room: usize) -> &[u8] {
    let bytes = name.as_bytes();
    let mut end = room.min(bytes.len());
    if let Some(text) = name.to_str() {
        while !text.is_char_boundary(end) {
            end -= 1;
        }
    }
    &bytes[..end]
}

/// What a temporary file's name begins with, if it is one of ours.
fn prefix_of(name: &OsStr) -> Option<&OsStr> {
    let bytes = name.as_bytes();
    let (prefix, random) = bytes.split_at_checked(bytes.len().checked_sub(RANDOM_LEN)?)?;
    let ours = prefix.starts_with(b".")
        && prefix.ends_with(MARK)
        && random.iter().all(u8::is_ascii_alphanumeric);
    ours.then(|| OsStr::from_bytes(prefix))
}

/// The temporary files that were lying about in the directories when they were first written to; each directory is
/// read once, for only a process before this one can have left something behind.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    by_directory: HashMap<PathBuf, Vec<OsString>>,
}

impl Leftovers {
    /// Removes what killed processes left behind for the file `name` in `directory`, so that being killed again and
    /// again does not fill it. Whatever cannot be removed is left: it is in nobody's way.
    pub(super) fn remove(&mut self, directory: &Path, name: &OsStr) {
        if !self.by_directory.contains_key(directory) {
            self.by_directory
                .insert(directory.to_owned(), temporary_files(directory));
        }
        let Some(lying_about) = self
            .by_directory
            .get_mut(directory)
            .filter(|found| !found.is_empty())
        else {
            return;
        };
        let prefix = prefix(name);
        lying_about.retain(|found| {
            let is_its = prefix_of(found) == Some(&prefix);
            let path = directory.join(found);
            if is_its && is_left_behind(&path) && fs::remove_file(&path).is_ok() {
                let file = path.display();
                tracing::info!(
                    name: "file.leftover_removed", %file,
                    "removed a temporary file that a killed process left behind file={file}"
                );
            }
            !is_its
        });
    }
}

fn temporary_files(directory: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name())
        .filter(|name| prefix_of(name).is_some())
        .collect()
}

fn is_left_behind(path: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return false;
    };
    let age = metadata
        .modified()
        .ok()
        .and_then(|modified| modified.elapsed().ok());
    metadata.is_file() && age.is_some_and(|age| age > LEFT_BEHIND)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_name_of_ours_is_recognised_and_no_other() {
        for ours in [
            ".a.ctmpl-12345678",
            "..ctmpl-abcdEFGH",
            ".x.ctmpl-.ctmpl-00000000",
        ] {
            assert!(prefix_of(OsStr::new(ours)).is_some(), "{ours}");
        }
        for other in [
            "",
            ".",
            "a.ctmpl-12345678",
            ".a.ctmpl-1234567",
            ".a.ctmpl-123456789",
            ".a.ctmpl-1234-678",
            ".a",
        ] {
            assert!(prefix_of(OsStr::new(other)).is_none(), "{other}");
        }
    }

    #[test]
    fn the_longest_name_still_fits_and_stays_valid_text() {
        for name in [
            "x".repeat(NAME_MAX),
            "ä".repeat(127),
            format!("x{}", "€".repeat(84)),
        ] {
            let prefix = prefix(OsStr::new(&name));
            assert!(
                prefix.len() + RANDOM_LEN <= NAME_MAX,
                "{} bytes",
                prefix.len()
            );
            assert!(prefix.to_str().is_some());
        }
    }

    #[test]
    fn only_old_files_of_that_destination_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - LEFT_BEHIND - Duration::from_secs(5);
        let make = |name: &str, modified: SystemTime| {
            File::create(directory.path().join(name))
                .unwrap()
                .set_modified(modified)
                .unwrap();
        };
        make(".app.conf.ctmpl-abcdefgh", old);
        let kept = [
            (".app.conf.ctmpl-ABCDEFGH", SystemTime::now()),
            (
                ".app.conf.ctmpl-future00",
                SystemTime::now() + Duration::from_secs(3600),
            ),
            (".other.conf.ctmpl-abcdefgh", old),
            (".app.conf.ctmpl-abc", old),
            (".app.conf.ctmpl-abcdefgh.bak", old),
            ("app.conf", old),
        ];
        for (name, modified) in kept {
            make(name, modified);
        }
        fs::create_dir(directory.path().join(".app.conf.ctmpl-folder00")).unwrap();
        Leftovers::default().remove(directory.path(), OsStr::new("app.conf"));
        assert!(!directory.path().join(".app.conf.ctmpl-abcdefgh").exists());
        for (name, _) in kept {
            assert!(directory.path().join(name).exists(), "{name}");
        }
    }
}
