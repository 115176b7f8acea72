//! The errors of writing a file.

use std::io;
use std::path::{Path, PathBuf};

/// The step that fails if no file can be created in the directory.
pub(crate) const CREATE: &str = "create a new file beside";

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

    /// The file or directory that could not be written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The kind of the cause, for a remedy.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
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
