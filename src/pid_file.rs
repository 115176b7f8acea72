//! The PID file.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use error_line::chain;

/// A file with the process ID. Dropping it removes the file.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
}

/// The PID file could not be written.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot write the process ID to {}; create its directory, and let this user write there", path.display()
)]
pub struct PidFileError {
    path: PathBuf,
    source: io::Error,
}

impl PidFile {
    /// Writes the ID of this process. The file is replaced atomically, so a reader never sees a partial ID.
    ///
    /// # Errors
    /// [`PidFileError`] if the file cannot be written.
    pub fn create(path: &Path) -> Result<Self, PidFileError> {
        write(path).map_err(|source| PidFileError {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn write(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::metadata(directory)?;
    // The text of this error has the name of the temporary file.
    let mut file = tempfile::Builder::new()
        .prefix(".ctmpl-pid-")
        .tempfile_in(directory)
        .map_err(|error| io::Error::from(error.kind()))?;
    write!(file, "{}", std::process::id())?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(mode)?;
    file.persist(path)?;
    Ok(())
}

impl Drop for PidFile {
    fn drop(&mut self) {
        let is_own =
            fs::read_to_string(&self.path).is_ok_and(|text| text == std::process::id().to_string());
        if is_own && let Err(error) = fs::remove_file(&self.path) {
            let file = self.path.display();
            let error = chain(&error);
            tracing::warn!(name: "pid_file.not_removed", %file, error, "cannot remove {file}: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_file_but_not_the_temporary_one() {
        let error = PidFile::create(Path::new("/nonexistent/pid")).unwrap_err();
        let text = "cannot write the process ID to /nonexistent/pid; create its directory, and let this user write \
                    there: No such file or directory";
        assert_eq!(chain(&error), text);
    }

    #[test]
    fn the_file_is_removed_on_drop_unless_another_process_has_replaced_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pid");
        let pid_file = PidFile::create(&path).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            std::process::id().to_string()
        );
        drop(pid_file);
        assert!(!path.exists());

        let pid_file = PidFile::create(&path).unwrap();
        fs::write(&path, "1").unwrap();
        drop(pid_file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "1");
    }
}
