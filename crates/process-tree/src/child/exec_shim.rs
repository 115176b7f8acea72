//! The exec shim: a process of this executable that sets its parent-death signal and then executes
//! the program.
//!
//! `PR_SET_PDEATHSIG` must be set in the new process itself. Doing that between `fork` and `exec`
//! would need unsafe code, so the shim does it.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::control_socket::{receive_descriptor, send_descriptor};
use super::descendants::reap;
use super::exit::CANNOT_EXECUTE;
use super::process_group::ProcessGroup;

/// The first argument of an exec shim. Then follow its parent's process ID, the program and its
/// arguments.
pub(super) const FLAG: &str = "--exec-child";

/// Starts a program with its arguments. Its standard input is `stdin`.
pub(super) fn start(words: &[OsString], group: ProcessGroup, stdin: impl AsFd) -> io::Result<Pid> {
    if words.is_empty() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let (own_end, shim_end) = UnixStream::pair()?;
    send_descriptor(&own_end, stdin)?;
    let mut command = Command::new("/proc/self/exe");
    command
        .arg0("exec-shim")
        .args([FLAG, &std::process::id().to_string()])
        .args(words);
    if group == ProcessGroup::Own {
        command.process_group(0);
    }
    let child = command
        .stdin(Stdio::from(OwnedFd::from(shim_end)))
        .spawn()?;
    // This closes the parent's copy of the shim's end of the socket.
    drop(command);
    // The socket closes when the shim executes the program. Before that, the shim can send an error
    // number.
    let mut number = [0; 4];
    if (&own_end).read_exact(&mut number).is_ok() {
        reap(Pid::from_raw(0));
        return Err(io::Error::from_raw_os_error(i32::from_le_bytes(number)));
    }
    let id = i32::try_from(child.id()).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Pid::from_raw(id))
}

/// Executes the program. If that fails, returns the exit code.
pub(super) fn run(words: &[OsString]) -> u8 {
    if let Ok(socket) = io::stdin().as_fd().try_clone_to_owned() {
        let _ = become_program(words, &UnixStream::from(socket));
    }
    CANNOT_EXECUTE
}

fn become_program(words: &[OsString], mut socket: &UnixStream) -> io::Result<()> {
    rustix::stdio::dup2_stdin(receive_descriptor(socket)?)?;
    set_pdeathsig(Signal::SIGKILL)?;
    let parent = words.first().and_then(|word| word.to_str()?.parse().ok());
    let (program, arguments) = words
        .get(1..)
        .and_then(<[_]>::split_first)
        .ok_or(io::ErrorKind::InvalidInput)?;
    // If the parent has already ended, no signal will be sent.
    if parent == Some(Pid::parent().as_raw()) {
        let error = Command::new(program).args(arguments).exec();
        let number = error.raw_os_error().unwrap_or(Errno::EINVAL as i32);
        socket.write_all(&number.to_le_bytes())?;
    }
    Ok(())
}
