//! The errors of writing a file.

use std::io;
use std::path::{Path, PathBuf};

/// The step that fails if no file can be created in the directory.
pub(crate) const CREATE: &str = "create a new file beside";

/// The step that fails if a configured user does not exist.
pub(crate) const FIND_USER: &str = "find the user for";
/// The step that fails if a configured group does not exist.
pub(crate) const FIND_GROUP: &str = "find the group for";
/// The step that fails if the backup cannot be put into its place.
pub(crate) const BACKUP: &str = "keep the backup";

/// A file that could not be written; nothing visible has changed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {step} {}", path.display())]
pub struct WriteError {
    step: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl WriteError {
    /// Creates the error of a step, which is a verb phrase such as `write` or `flush the new`.
    pub fn new(step: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self {
            step,
            path: path.to_owned(),
            source: source.into(),
        }
    }

    /// Creates a closure for `map_err` that adds the failed step and the file.
    pub(crate) fn when<'a, E: Into<io::Error>>(
        step: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(E) -> Self + 'a {
        move |source| Self::new(step, path, source)
    }

    /// Replaces the step by a larger one.
    pub(crate) fn at_step(self, step: &'static str) -> Self {
        Self { step, ..self }
    }

    /// Replaces the path by that of the file which could not be replaced.
    pub(crate) fn at_path(self, path: PathBuf) -> Self {
        Self { path, ..self }
    }

    /// The file or directory that could not be written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The kind of the cause, for a remedy.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }

    /// Returns `true` if a configured user or group does not exist.
    pub fn is_of_account(&self) -> bool {
        [FIND_USER, FIND_GROUP].contains(&self.step)
    }

    /// Returns `true` if the path is that of a backup.
    pub fn is_of_backup(&self) -> bool {
        self.step == BACKUP
    }

    /// Returns `true` if the file is a mount point, which can be neither replaced nor renamed.
    pub(crate) fn is_of_mount_point(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices
        )
    }

    /// Returns `true` if no file can be created in the directory.
    pub(crate) fn is_of_unwritable_directory(&self) -> bool {
        self.step == CREATE
            && matches!(
                self.source.kind(),
                io::ErrorKind::PermissionDenied
                    | io::ErrorKind::ReadOnlyFilesystem
                    | io::ErrorKind::Unsupported
            )
    }
}
