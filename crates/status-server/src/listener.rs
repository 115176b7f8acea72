//! Listens on the address of the status server.
//!
//! Input: a [`StatusAddr`]. Output: the [`Bound`] socket, or a [`BindError`] with the remedy. May block.

use std::fs::{self, File, Permissions};
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind as bind_socket, connect, listen,
    socket,
};

use crate::address::StatusAddr;
use crate::names::SettingNames;
use error_line::chain;

/// The mode of the file of a socket: only the user of the daemon, and root, may ask.
const MODE: u32 = 0o600;

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// A running process listens there.
    #[error(
        "cannot listen on {address} for {}: another process does; choose another address, or end that process", names.address
    )]
    InUse {
        /// The address.
        address: StatusAddr,
        /// The names of the settings.
        names: SettingNames,
    },
    /// The new address conflicts with the one that this process listens on.
    #[error(
        "cannot listen on {new} for {} while this process listens on {current}; restart {} to change the address",
        names.address, names.program
    )]
    Conflict {
        /// The address of the server.
        current: StatusAddr,
        /// The new address.
        new: StatusAddr,
        /// The names of the settings.
        names: SettingNames,
    },
    /// The path belongs to something else.
    #[error(
        "cannot listen on {} for {}: the file is not a socket; choose another path, or remove the file",
        path.display(), names.address
    )]
    NotSocket {
        /// The file.
        path: PathBuf,
        /// The names of the settings.
        names: SettingNames,
    },
    /// The file of the socket cannot be created.
    #[error(
        "cannot create the socket {} for {}; create its directory, and let this user write there",
        path.display(), names.address
    )]
    File {
        /// The file.
        path: PathBuf,
        /// The names of the settings.
        names: SettingNames,
        /// The cause.
        source: io::Error,
    },
    /// Any other reason.
    #[error("cannot listen on {address} for {}; choose another address", names.address)]
    Other {
        /// The address.
        address: StatusAddr,
        /// The names of the settings.
        names: SettingNames,
        /// The cause.
        source: io::Error,
    },
}

/// A socket that listens. Dropping it removes its file.
#[derive(Debug)]
pub struct Bound {
    /// The address as configured.
    pub(super) address: StatusAddr,
    pub(super) listener: Listener,
    pub(super) file: Option<SocketFile>,
}

/// A listening socket, which does not block.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// The file of a socket. Dropping it removes the file, unless another process has replaced it.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: Option<(u64, u64)>,
}

/// Listens on an address.
///
/// # Errors
/// [`BindError`].
pub fn bind(address: &StatusAddr, names: SettingNames) -> Result<Bound, BindError> {
    let in_use_or = |source: io::Error, other: &dyn Fn(io::Error) -> BindError| match source.kind()
    {
        io::ErrorKind::AddrInUse => BindError::InUse {
            address: address.clone(),
            names,
        },
        _ => other(source),
    };
    let failed = |source| {
        in_use_or(source, &|source| BindError::Other {
            address: address.clone(),
            names,
            source,
        })
    };
    let mut file = None;
    let listener = match address {
        StatusAddr::Tcp { host, port } => {
            let listener = TcpListener::bind((host.as_str(), *port)).map_err(failed)?;
            listener.set_nonblocking(true).map_err(failed)?;
            Listener::Tcp(listener)
        }
        StatusAddr::Abstract(name) => {
            let name = SocketAddr::from_abstract_name(name).map_err(failed)?;
            let listener = UnixListener::bind_addr(&name).map_err(failed)?;
            listener.set_nonblocking(true).map_err(failed)?;
            Listener::Unix(listener)
        }
        StatusAddr::Socket(path) => {
            remove_stale(path, address, names)?;
            let listener = bind_path(path)
                .map_err(|source| in_use_or(source, &|source| file_error(path, names, source)))?;
            file = Some(SocketFile::new(path));
            Listener::Unix(listener)
        }
    };
    Ok(Bound {
        address: address.clone(),
        listener,
        file,
    })
}

/// Returns `true` if both addresses lead to the same socket, which listens: two spellings of a path.
pub(super) fn is_same_socket(one: &StatusAddr, other: &StatusAddr) -> bool {
    let (StatusAddr::Socket(one), StatusAddr::Socket(other)) = (one, other) else {
        return false;
    };
    identity(one).is_ok_and(|one| identity(other).is_ok_and(|other| one == other))
}

fn file_error(path: &Path, names: SettingNames, source: io::Error) -> BindError {
    let path = path.to_owned();
    BindError::File {
        path,
        names,
        source,
    }
}

/// Removes the socket of a process that has ended without an orderly shutdown.
fn remove_stale(path: &Path, address: &StatusAddr, names: SettingNames) -> Result<(), BindError> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(file_error(path, names, error)),
    };
    if !metadata.file_type().is_socket() {
        return Err(BindError::NotSocket {
            path: path.to_owned(),
            names,
        });
    }
    // Only a socket that nothing listens on refuses. One with a full queue does not.
    match is_refused(path) {
        Ok(true) => fs::remove_file(path).map_err(|error| file_error(path, names, error)),
        Ok(false) => Err(BindError::InUse {
            address: address.clone(),
            names,
        }),
        Err(error) => Err(file_error(path, names, error)),
    }
}

/// Returns `true` if the socket at a path refuses connections. Does not wait for one.
fn is_refused(path: &Path) -> io::Result<bool> {
    let client = unix_socket()?;
    match connect(client.as_raw_fd(), &UnixAddr::new(path)?) {
        Err(Errno::ECONNREFUSED) => Ok(true),
        Ok(()) | Err(Errno::EAGAIN) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn unix_socket() -> nix::Result<OwnedFd> {
    socket(
        AddressFamily::Unix,
        SockType::Stream,
        SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
        None,
    )
}

fn bind_path(path: &Path) -> io::Result<UnixListener> {
    // The file gets the mode of the socket. A later chmod would let other users connect before it.
    let socket = File::from(unix_socket()?);
    socket.set_permissions(Permissions::from_mode(MODE))?;
    bind_socket(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    listen(&socket, Backlog::MAXCONN)?;
    Ok(OwnedFd::from(socket).into())
}

impl SocketFile {
    fn new(path: &Path) -> Self {
        let identity = identity(path).ok();
        let path = path.to_owned();
        Self { path, identity }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_own = self.identity.is_some() && identity(&self.path).ok() == self.identity;
        if is_own && let Err(error) = fs::remove_file(&self.path) {
            let file = self.path.display();
            let error = chain(&error);
            tracing::warn!(name: "status.not_removed", %file, error, "cannot remove the socket {file}: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    fn socket_in(folder: &tempfile::TempDir) -> (PathBuf, StatusAddr) {
        let path = folder.path().join("status.sock");
        (path.clone(), StatusAddr::Socket(path))
    }

    #[test]
    fn a_socket_has_a_file_for_its_user_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let (path, address) = socket_in(&folder);
        let bound = bind(&address, SettingNames::TEST).unwrap();
        let metadata = fs::symlink_metadata(&path).unwrap();
        assert!(metadata.file_type().is_socket());
        assert_eq!(metadata.mode() & 0o777, MODE);
        assert!(UnixStream::connect(&path).is_ok());
        drop(bound);
        assert!(!path.exists());
    }

    #[test]
    fn a_stale_socket_is_replaced_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (path, address) = socket_in(&folder);
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "it is stale");
        let bound = bind(&address, SettingNames::TEST).unwrap();
        let error = bind(&address, SettingNames::TEST).unwrap_err();
        assert!(matches!(error, BindError::InUse { .. }), "{error}");
        drop(bound);

        // A queue that is full is in use, too.
        let listening = UnixListener::bind(&path).unwrap();
        listen(&listening, Backlog::new(0).unwrap()).unwrap();
        let _waits = UnixStream::connect(&path).unwrap();
        let error = bind(&address, SettingNames::TEST).unwrap_err();
        assert!(matches!(error, BindError::InUse { .. }), "{error}");
    }

    #[test]
    fn a_file_that_is_not_a_socket_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (path, address) = socket_in(&folder);
        fs::write(&path, "text").unwrap();
        let error = bind(&address, SettingNames::TEST).unwrap_err().to_string();
        assert!(error.contains("the file is not a socket"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
    }

    #[test]
    fn the_file_of_another_process_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, address) = socket_in(&folder);
        let bound = bind(&address, SettingNames::TEST).unwrap();
        let other = folder.path().join("other");
        let _other = UnixListener::bind(&other).unwrap();
        fs::rename(&other, &path).unwrap();
        drop(bound);
        assert!(path.exists());
    }

    #[test]
    fn an_address_in_use_is_an_error_that_names_it() {
        let name = format!("status-server-test-{}", std::process::id());
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = (port.local_addr().unwrap().port(), port);
        let host = "127.0.0.1".to_owned();
        let addresses = [
            StatusAddr::Abstract(name),
            StatusAddr::Tcp { host, port: port.0 },
        ];
        let _bound = bind(&addresses[0], SettingNames::TEST).unwrap();
        for address in addresses {
            let error = bind(&address, SettingNames::TEST).unwrap_err().to_string();
            let expected = format!("cannot listen on {address} for status_addr: another process");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn a_directory_that_is_missing_is_an_error_with_the_remedy() {
        let error = bind(
            &StatusAddr::Socket("/nonexistent/s".into()),
            SettingNames::TEST,
        )
        .unwrap_err();
        let text = "cannot create the socket /nonexistent/s for status_addr; create its directory, and let this user \
                    write there: No such file or directory";
        assert_eq!(chain(&error), text);
    }
}
