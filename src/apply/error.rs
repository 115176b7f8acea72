//! What can go wrong when a destination is written.

use std::io;
use std::path::{Path, PathBuf};

/// The step that fails in a directory in which nothing can be created.
pub(super) const CREATE: &str = "create a new file beside";

/// A destination that could not be written; nothing visible has changed.
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
            source: plain(source.into()),
        }
    }

    /// For `map_err`: what was tried, and on what.
    pub(super) fn when<'a, E: Into<io::Error>>(
        step: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(E) -> Self + 'a {
        move |source| Self::new(step, path, source)
    }

    /// The file or directory on which it failed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Is it because the file is a mount point? Such a file can neither be replaced nor be given another name.
    pub(super) fn is_of_a_mount(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices
        )
    }

    /// Is it because no file can be created in the directory?
    pub(super) fn is_of_a_closed_directory(&self) -> bool {
        self.step == CREATE
            && matches!(
                self.source.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            )
    }

    /// What the operator can do about it, where that is more than the cause already says.
    pub fn remedy(&self) -> Option<String> {
        let directory = self
            .path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let directory = directory.display();
        match self.source.kind() {
            io::ErrorKind::NotFound => {
                Some("make it, or have it made: create_dest_dirs = true".to_owned())
            }
            io::ErrorKind::IsADirectory => Some(format!(
                "name a file in it: {}",
                self.path.join("FILE").display()
            )),
            io::ErrorKind::NotADirectory => self
                .path
                .ancestors()
                .skip(1)
                .find(|above| above.is_file())
                .map(|above| {
                    format!(
                        "{} is a file, and a directory is needed there",
                        above.display()
                    )
                }),
            io::ErrorKind::PermissionDenied => Some(format!(
                "the user that runs ctmpl must be able to read the file and to create files in {directory}"
            )),
            io::ErrorKind::ReadOnlyFilesystem => Some(format!(
                "{directory} is on a read-only file system; in a systemd unit, see ReadWritePaths="
            )),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Some(format!("make room in {directory}"))
            }
            io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices => Some(format!(
                "a file that is mounted by itself cannot be replaced: mount its directory {directory} instead, or let it be \
                written in place: write = \"inplace\""
            )),
            _ => None,
        }
    }
}

/// The system's error without the name of the temporary file that `tempfile` wraps around it.
fn plain(error: io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|wrapped| {
        wrapped
            .source()?
            .downcast_ref::<io::Error>()?
            .raw_os_error()
    });
    inner.map_or(error, io::Error::from_raw_os_error)
}
