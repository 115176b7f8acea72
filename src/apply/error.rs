//! The errors of writing a file.

use std::io;
use std::path::{Path, PathBuf};

/// The step that fails if no file can be created in the directory.
pub(super) const CREATE: &str = "create a new file beside";

/// A file that could not be written; nothing visible has changed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {step} {}", path.display())]
pub struct WriteError {
    step: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl WriteError {
    pub(crate) fn new(step: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self {
            step,
            path: path.to_owned(),
            source: source.into(),
        }
    }

    /// Creates a closure for `map_err` that adds the failed step and the file.
    pub(super) fn when<'a, E: Into<io::Error>>(
        step: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(E) -> Self + 'a {
        move |source| Self::new(step, path, source)
    }

    /// Replaces the step by a larger one.
    pub(super) fn at_step(self, step: &'static str) -> Self {
        Self { step, ..self }
    }

    /// The file or directory that could not be written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns `true` if the file is a mount point, which can be neither replaced nor renamed.
    pub(super) fn is_of_mount_point(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices
        )
    }

    /// Returns `true` if no file can be created in the directory.
    pub(super) fn is_of_unwritable_directory(&self) -> bool {
        self.step == CREATE
            && matches!(
                self.source.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            )
    }

    /// The remedy; `None` if the error itself suggests it.
    pub fn remedy(&self) -> Option<String> {
        let directory = self
            .path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let directory = directory.display();
        match self.source.kind() {
            io::ErrorKind::NotFound => Some("create it, or set create_dest_dirs = true".to_owned()),
            io::ErrorKind::IsADirectory => Some(format!(
                "name a file in it: {}",
                self.path.join("FILE").display()
            )),
            io::ErrorKind::NotADirectory => self
                .path
                .ancestors()
                .skip(1)
                .find(|above| above.is_file())
                .map(|above| format!("{} is a file, but must be a directory", above.display())),
            io::ErrorKind::PermissionDenied => Some(format!(
                "the user that runs ctmpl must be able to read the file and to create files in {directory}"
            )),
            io::ErrorKind::ReadOnlyFilesystem => Some(format!(
                "{directory} is on a read-only file system; in a systemd unit, see ReadWritePaths="
            )),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Some(format!("free space in {directory}"))
            }
            io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices => Some(format!(
                "a mount point cannot be replaced: mount its directory {directory} instead, or write the file in place with \
                write = \"inplace\""
            )),
            _ => None,
        }
    }
}
