#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

mod file_kind;

mod sandbox;

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::fcntl::OFlag;

pub use file_kind::refuse_special;
pub use sandbox::Sandbox;

/// Reads the content of a regular file. Links are followed.
///
/// # Errors
/// If the file cannot be read, or is not a regular file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    refuse_special(std::fs::metadata(path)?.file_type())?;
    // Non-blocking, because the file may have become a pipe since the check.
    let flags = OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    content_of(
        OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits())
            .open(path)?,
    )
}

/// Reads the content of a regular file that must be inside `sandbox`, if there is one. Links are
/// followed, but not out of the sandbox.
///
/// # Errors
/// Those of [`read`], and [`io::ErrorKind::PermissionDenied`] with the remedy if the file is outside.
pub fn read_within(path: &Path, sandbox: Option<Sandbox<'_>>) -> io::Result<Vec<u8>> {
    match sandbox {
        Some(sandbox) => content_of(sandbox.open(path)?),
        None => read(path),
    }
}

fn content_of(mut file: File) -> io::Result<Vec<u8>> {
    let metadata = file.metadata()?;
    refuse_special(metadata.file_type())?;
    let mut content = Vec::with_capacity(
        usize::try_from(metadata.len())
            .unwrap_or(0)
            .saturating_add(1)
            .min(1 << 20),
    );
    file.read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn pipes_devices_and_directories_are_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        assert!(read(&pipe).unwrap_err().to_string().contains("named pipe"));
        assert!(
            read(Path::new("/dev/zero"))
                .unwrap_err()
                .to_string()
                .contains("device")
        );
        assert_eq!(
            read(directory.path()).unwrap_err().kind(),
            io::ErrorKind::IsADirectory
        );
        assert_eq!(
            read(&directory.path().join("none")).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }

    #[test]
    fn a_regular_file_is_read_even_if_its_size_is_reported_as_zero() {
        assert_eq!(
            read(Path::new("Cargo.toml")).unwrap(),
            std::fs::read("Cargo.toml").unwrap()
        );
        assert!(!read(Path::new("/proc/self/status")).unwrap().is_empty());
    }
}
