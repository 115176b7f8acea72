//! The names of temporary files, and the removal of those that a killed process left behind.
//!
//! A staged file is named `.NAME.PROGRAM-RANDOM`, in the directory of the file `NAME` that it replaces. Its process
//! holds a lock on it, which ends with the process.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::fcntl::OFlag;

/// The number of random characters at the end of a name.
pub(crate) const RANDOM_LEN: usize = 8;
/// The maximum length of a file name on Linux, in bytes.
const NAME_MAX: usize = 255;
/// The age at which a temporary file belongs to a killed process, where files cannot be locked.
const MIN_AGE: Duration = Duration::from_secs(10 * 60);

/// The prefix of the temporary files that `program` writes for `name`.
pub(crate) fn prefix(name: &OsStr, program: &str) -> OsString {
    let mark = mark(program);
    let max_len = NAME_MAX.saturating_sub(1 + mark.len() + RANDOM_LEN);
    let mut prefix = b".".to_vec();
    prefix.extend_from_slice(shortened(name, max_len));
    prefix.extend_from_slice(mark.as_bytes());
    OsString::from_vec(prefix)
}

/// The part of a temporary name that identifies the program.
fn mark(program: &str) -> String {
    format!(".{program}-")
}

/// At most `max_len` bytes of `name`, cut at a character boundary, because some file systems require UTF-8.
fn shortened(name: &OsStr, max_len: usize) -> &[u8] {
    let bytes = name.as_bytes();
    let mut end = max_len.min(bytes.len());
    if let Some(text) = name.to_str() {
        while !text.is_char_boundary(end) {
            end -= 1;
        }
    }
    &bytes[..end]
}

/// The prefix of a temporary file name of `program`; `None` for other names.
fn prefix_of<'a>(name: &'a OsStr, program: &str) -> Option<&'a OsStr> {
    let bytes = name.as_bytes();
    let (prefix, random) = bytes.split_at_checked(bytes.len().checked_sub(RANDOM_LEN)?)?;
    let is_temporary = prefix.starts_with(b".")
        && prefix.ends_with(mark(program).as_bytes())
        && random.iter().all(u8::is_ascii_alphanumeric);
    is_temporary.then(|| OsStr::from_bytes(prefix))
}

/// The temporary files that each directory had at its first write. A directory is listed once,
/// because only an earlier process can have left files behind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leftovers {
    by_directory: Arc<Mutex<HashMap<PathBuf, Vec<OsString>>>>,
}

impl Leftovers {
    /// Removes the files that killed processes left behind for the file `name` in `directory`. A
    /// file that cannot be removed stays, which does no harm.
    /// Returns the number of removed files.
    pub(crate) fn remove(&self, directory: &Path, name: &OsStr, program: &str) -> usize {
        // The lock is not held while the file system is accessed.
        let known = self.lock().get(directory).map(Vec::is_empty);
        match known {
            Some(true) => return 0,
            Some(false) => {}
            None => {
                let found = temporary_files(directory, program);
                self.lock().entry(directory.to_owned()).or_insert(found);
            }
        }
        let prefix = prefix(name, program);
        let is_of_file = |found: &mut OsString| prefix_of(found, program) == Some(&prefix);
        let mut found = Vec::new();
        if let Some(leftovers) = self.lock().get_mut(directory) {
            found.extend(leftovers.extract_if(.., is_of_file));
        }
        let mut removed = 0;
        for found in found {
            let path = directory.join(found);
            if remove_unused(&path) {
                removed += 1;
                let file = path.display();
                tracing::info!(
                    name: "file.leftover_removed", %file,
                    "removed a temporary file that a killed process left behind file={file}"
                );
            }
        }
        removed
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Vec<OsString>>> {
        self.by_directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn temporary_files(directory: &Path, program: &str) -> Vec<OsString> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name())
        .filter(|name| prefix_of(name, program).is_some())
        .collect()
}

/// Removes a temporary file unless a process uses it. Returns `true` if it was removed.
fn remove_unused(path: &Path) -> bool {
    let mut options = OpenOptions::new();
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = options.read(true).custom_flags(flags.bits()).open(path);
    // Keep the lock until the file is removed.
    let is_unused = match file.as_ref().map(File::try_lock) {
        Ok(Ok(())) => fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()),
        Ok(Err(TryLockError::WouldBlock)) => false,
        Ok(Err(TryLockError::Error(_))) | Err(_) => is_old(path),
    };
    is_unused && fs::remove_file(path).is_ok()
}

fn is_old(path: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return false;
    };
    let age = metadata
        .modified()
        .ok()
        .and_then(|modified| modified.elapsed().ok());
    metadata.is_file() && age.is_some_and(|age| age > MIN_AGE)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn only_names_of_temporary_files_are_recognized() {
        for own in [
            ".a.ctmpl-12345678",
            "..ctmpl-abcdEFGH",
            ".x.ctmpl-.ctmpl-00000000",
        ] {
            assert!(prefix_of(OsStr::new(own), "ctmpl").is_some(), "{own}");
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
            assert!(prefix_of(OsStr::new(other), "ctmpl").is_none(), "{other}");
        }
    }

    #[test]
    fn the_prefix_of_the_longest_name_fits_and_is_valid_text() {
        for name in [
            "x".repeat(NAME_MAX),
            "ä".repeat(127),
            format!("x{}", "€".repeat(84)),
        ] {
            let prefix = prefix(OsStr::new(&name), "ctmpl");
            assert!(
                prefix.len() + RANDOM_LEN <= NAME_MAX,
                "{} bytes",
                prefix.len()
            );
            assert!(prefix.to_str().is_some());
        }
    }

    #[test]
    fn only_temporary_files_of_the_destination_that_no_process_uses_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let make = |name: &str| File::create(directory.path().join(name)).unwrap();
        make(".app.conf.ctmpl-abcdefgh");
        let kept = [
            ".app.conf.ctmpl-ABCDEFGH",
            ".other.conf.ctmpl-abcdefgh",
            ".app.conf.ctmpl-abc",
            ".app.conf.ctmpl-abcdefgh.bak",
            "app.conf",
        ];
        let files = kept.map(make);
        files[0].lock().unwrap();
        fs::create_dir(directory.path().join(".app.conf.ctmpl-folder00")).unwrap();
        std::os::unix::fs::symlink(
            "app.conf",
            directory.path().join(".app.conf.ctmpl-link0000"),
        )
        .unwrap();
        let remove =
            |name: &str| Leftovers::default().remove(directory.path(), OsStr::new(name), "ctmpl");
        assert_eq!(remove("app.conf"), 1);
        assert!(!directory.path().join(".app.conf.ctmpl-abcdefgh").exists());
        for name in kept
            .iter()
            .chain(&[".app.conf.ctmpl-folder00", ".app.conf.ctmpl-link0000"])
        {
            assert!(
                fs::symlink_metadata(directory.path().join(name)).is_ok(),
                "{name}"
            );
        }
        // As when its process ends.
        drop(files);
        assert_eq!(remove("app.conf"), 1);
    }

    #[test]
    fn without_a_lock_only_old_files_are_unused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let file = File::create(&path).unwrap();
        let now = SystemTime::now();
        for (modified, expected) in [
            (now, false),
            (now + Duration::from_secs(3600), false),
            (now - MIN_AGE - Duration::from_secs(5), true),
        ] {
            file.set_modified(modified).unwrap();
            assert_eq!(is_old(&path), expected);
        }
        assert!(!is_old(directory.path()));
    }
}
