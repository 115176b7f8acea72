//! Creates missing directories, and flushes changed ones.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use crate::error::WriteError;

/// Creates a directory and its missing parents, as `mkdir -p` does. The umask applies to `mode`.
pub(crate) fn create_all(directory: &Path, mode: u32) -> Result<(), WriteError> {
    let missing: Vec<_> = directory
        .ancestors()
        .take_while(|ancestor| is_missing(ancestor))
        .collect();
    for directory in missing.into_iter().rev() {
        match DirBuilder::new().mode(mode).create(directory) {
            Ok(()) => {}
            // Another process has created it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => {}
            Err(error) => return Err(WriteError::new("create the directory", directory, error)),
        }
        flush(parent(directory));
    }
    Ok(())
}

/// Flushes a directory, so that files created or renamed in it survive a power failure.
///
/// An error is only logged, because the files are already visible and some file systems cannot
/// flush directories.
pub(crate) fn flush(directory: &Path) {
    let flushed = File::open(directory).and_then(|open| open.sync_all());
    if let Err(error) = flushed {
        let directory = directory.display();
        tracing::warn!(
            name: "directory.not_flushed", %directory, %error,
            "cannot flush the directory: a power failure could undo the last write directory={directory} error={error}"
        );
    }
}

/// The directory that contains `path`; `.` for a bare name.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn is_missing(path: &Path) -> bool {
    let error = (!path.as_os_str().is_empty())
        .then(|| fs::metadata(path).err())
        .flatten();
    error.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}
