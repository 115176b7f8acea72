//! The kinds of files that are refused.

use std::fs::FileType;
use std::io;
use std::os::unix::fs::FileTypeExt as _;

use nix::errno::Errno;

/// Returns an error unless the file is a regular file.
///
/// # Errors
/// The error names the kind of the file.
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
