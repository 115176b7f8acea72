//! Reads regular files, and nothing else.
//!
//! in:  a path that somebody wrote, and perhaps the directory that it must not lead out of
//! out: what the file holds, or an error
//!
//! A named pipe would hold its reader until somebody writes into it, and a device may have no end; neither may hold
//! the one loop that everything waits for.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;

mod sandbox;

/// The whole content of a regular file; links are followed.
///
/// # Errors
/// What the system says, or that it is no regular file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    refuse_special(std::fs::metadata(path)?.file_type())?;
    // The path was looked at a moment ago; should it have become a pipe since, this does not hang.
    let flags = OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    content_of(
        OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits())
            .open(path)?,
    )
}

/// The same for a file that must really lie in `sandbox`, if there is one; links may lead there, but not out of it.
///
/// # Errors
/// As [`read`]; [`io::ErrorKind::PermissionDenied`] with what to do when the file lies elsewhere.
pub fn read_within(path: &Path, sandbox: Option<&Path>) -> io::Result<Vec<u8>> {
    match sandbox {
        Some(sandbox) => content_of(sandbox::open(path, sandbox)?),
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

/// An error for everything but a regular file.
///
/// # Errors
/// What it is instead.
pub fn refuse_special(kind: FileType) -> io::Result<()> {
    let what = match kind {
        _ if kind.is_file() => return Ok(()),
        _ if kind.is_dir() => return Err(Errno::EISDIR.into()),
        _ if kind.is_fifo() => "it is a named pipe, not a regular file",
        _ if kind.is_socket() => "it is a socket, not a regular file",
        _ => "it is a device, not a regular file",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, what))
}

#[cfg(test)]
mod tests {
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn a_pipe_a_device_and_a_directory_are_refused_at_once() {
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
    fn a_regular_file_is_read_also_where_it_does_not_tell_its_size() {
        assert_eq!(
            read(Path::new("Cargo.toml")).unwrap(),
            std::fs::read("Cargo.toml").unwrap()
        );
        assert!(!read(Path::new("/proc/self/status")).unwrap().is_empty());
    }
}
