//! The file that holds the process ID, for as long as the process lives in an orderly way.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Removes its file when it is dropped.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
}

/// The process ID could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the process ID to {}", path.display())]
pub struct PidFileError {
    path: PathBuf,
    source: io::Error,
}

impl PidFile {
    /// Writes the ID of this process, so that a reader sees all of it or none.
    ///
    /// # Errors
    /// [`PidFileError`] when the file cannot be made.
    pub fn create(path: &Path) -> Result<Self, PidFileError> {
        write(path).map_err(|source| PidFileError {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn write(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".ctmpl-pid-")
        .tempfile_in(directory)?;
    write!(file, "{}", std::process::id())?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(mode)?;
    file.persist(path)?;
    Ok(())
}

impl Drop for PidFile {
    fn drop(&mut self) {
        let ours =
            fs::read_to_string(&self.path).is_ok_and(|text| text == std::process::id().to_string());
        if ours && let Err(error) = fs::remove_file(&self.path) {
            let file = self.path.display();
            tracing::warn!(name: "pid_file.not_removed", %file, %error, "cannot remove {file}: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_there_as_long_as_it_is_held_and_anothers_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pid");
        let held = PidFile::create(&path).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            std::process::id().to_string()
        );
        drop(held);
        assert!(!path.exists());

        let held = PidFile::create(&path).unwrap();
        fs::write(&path, "1").unwrap();
        drop(held);
        assert_eq!(fs::read_to_string(&path).unwrap(), "1");
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error_that_names_the_file() {
        let error = PidFile::create(Path::new("/nonexistent/pid")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot write the process ID to /nonexistent/pid"
        );
    }
}
