//! Removes the copies of killed processes.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::unistd::Uid;

/// The beginning of the name of a copy.
pub(super) fn prefix(program: &str) -> String {
    format!("{program}-check-")
}

/// Removes the copies of trees that killed processes of this user have left in `scratch`. A running
/// process holds a lock on its copy. Returns the number of removed copies.
pub fn remove_leftovers(scratch: &Path, program: &str) -> usize {
    let prefix = prefix(program);
    let entries = fs::read_dir(scratch).into_iter().flatten().flatten();
    entries
        .filter(|entry| {
            entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(prefix.as_bytes())
        })
        .filter(|entry| remove_unused(&entry.path()))
        .count()
}

/// Removes a copy unless a process uses it. Returns `true` if it was removed.
fn remove_unused(path: &Path) -> bool {
    let is_own =
        |metadata: &fs::Metadata| metadata.is_dir() && metadata.uid() == Uid::effective().as_raw();
    if !fs::symlink_metadata(path).is_ok_and(|metadata| is_own(&metadata)) {
        return false;
    }
    let Ok(directory) = File::open(path) else {
        return false;
    };
    directory.try_lock().is_ok() && fs::remove_dir_all(path).is_ok()
}
