//! Sends a signal to a process.
//!
//! Never to process 1, to a group of processes, or to the own process.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};

use crate::action::SignalTarget;

/// The length at which Linux cuts the names of processes.
const NAME_LENGTH: usize = 15;

/// A signal that was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// The PID file cannot be read.
    #[error("cannot read the PID file {}", path.display())]
    PidFile {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The PID file does not have the ID of a process.
    #[error("the PID file {} does not contain the ID of a process", .0.display())]
    NoPid(PathBuf),
    /// The ID is one that gets no signal.
    #[error("the PID file {} has the process {pid}, which gets no signal: it is process 1, {program} itself, or stands for several processes", path.display())]
    Protected {
        /// The file.
        path: PathBuf,
        /// The process.
        pid: i32,
        /// The name of the own program.
        program: &'static str,
    },
    /// No process has the name.
    #[error("no process is named {0:?}; `ps -e -o comm` lists the names")]
    NoProcess(String),
    /// Several processes have the name.
    #[error("{} processes are named {name:?}: {}; use the PID file of one", pids.len(), list(pids))]
    Several {
        /// The name.
        name: String,
        /// The processes.
        pids: Vec<i32>,
    },
    /// The process has ended.
    #[error(
        "the process {0} does not run any more; is the program running, and its PID file up to date?"
    )]
    Ended(i32),
    /// The own process may not send it a signal.
    #[error("not permitted to send {signal} to the process {pid}, which runs as another user")]
    Denied {
        /// The signal.
        signal: Signal,
        /// The process.
        pid: i32,
    },
    /// The system refuses the signal.
    #[error("cannot send {signal} to the process {pid}")]
    Failed {
        /// The signal.
        signal: Signal,
        /// The process.
        pid: i32,
        /// The cause.
        source: Errno,
    },
    /// The thread that looks for the process was lost.
    #[error("cannot look for the process")]
    Lost,
}

fn list(pids: &[i32]) -> String {
    let pids: Vec<_> = pids.iter().map(ToString::to_string).collect();
    pids.join(", ")
}

/// Sends a signal. The files are read on a thread of their own: the PID file may be on a slow file system.
pub(crate) async fn send(
    target: &SignalTarget,
    signal: Signal,
    program: &'static str,
) -> Result<(), SignalError> {
    let target = target.clone();
    let sent = tokio::task::spawn_blocking(move || {
        let pid = match &target {
            SignalTarget::PidFile(path) => pid_in_file(path, program)?,
            SignalTarget::Name(name) => pid_of_name(name)?,
        };
        send_to(pid, signal)
    });
    sent.await.unwrap_or(Err(SignalError::Lost))
}

fn send_to(pid: i32, signal: Signal) -> Result<(), SignalError> {
    // The system accepts a signal to a zombie: a process that has ended and whose parent has not read its status.
    let directory = PathBuf::from(format!("/proc/{pid}"));
    let status = fs::read(directory.join("status"));
    if status.is_ok_and(|status| has_ended(&directory, &Status(&String::from_utf8_lossy(&status))))
    {
        return Err(SignalError::Ended(pid));
    }
    kill(Pid::from_raw(pid), signal).map_err(|error| match error {
        Errno::ESRCH => SignalError::Ended(pid),
        Errno::EPERM => SignalError::Denied { signal, pid },
        source => SignalError::Failed {
            signal,
            pid,
            source,
        },
    })
}

/// Returns `true` if a process may get a signal. 0 and negative numbers stand for several processes.
fn is_allowed(pid: i32) -> bool {
    pid > 1 && pid != getpid().as_raw()
}

/// The process whose ID is in a file.
fn pid_in_file(path: &Path, program: &'static str) -> Result<i32, SignalError> {
    let content = safe_read::read(path).map_err(|source| SignalError::PidFile {
        path: path.to_owned(),
        source,
    })?;
    let text = String::from_utf8_lossy(&content);
    let first = text.lines().next().unwrap_or_default().trim();
    let pid = first
        .parse()
        .map_err(|_| SignalError::NoPid(path.to_owned()))?;
    if is_allowed(pid) {
        Ok(pid)
    } else {
        Err(SignalError::Protected {
            path: path.to_owned(),
            pid,
            program,
        })
    }
}

/// The process with a name. Workers have the name of their master, which is the one whose parent has another name.
fn pid_of_name(name: &str) -> Result<i32, SignalError> {
    let all = processes_named(name);
    let is_named = |pid: i32| all.iter().any(|process| process.pid == pid);
    let masters = all.iter().filter(|process| !is_named(process.parent));
    let pids: Vec<_> = masters
        .map(|process| process.pid)
        .filter(|pid| is_allowed(*pid))
        .collect();
    match pids.as_slice() {
        [pid] => Ok(*pid),
        [] => Err(SignalError::NoProcess(name.to_owned())),
        _ => Err(SignalError::Several {
            name: name.to_owned(),
            pids,
        }),
    }
}

/// A running process.
struct Process {
    pid: i32,
    parent: i32,
}

/// The running processes with a name, without those in containers.
fn processes_named(name: &str) -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| read_process(&entry.path(), name))
        .collect();
    found.sort_unstable_by_key(|process| process.pid);
    found
}

/// The file `status` of a process.
struct Status<'a>(&'a str);

impl Status<'_> {
    fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.lines();
        let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(str::trim)
    }

    /// Returns `true` if the main thread has ended.
    fn main_thread_has_ended(&self) -> bool {
        self.field("State")
            .is_none_or(|state| state.starts_with(['Z', 'X']))
    }
}

/// Returns `true` if a process has ended with all its threads. `directory` is its directory in `/proc`.
fn has_ended(directory: &Path, status: &Status<'_>) -> bool {
    // The main thread stays in the list when it has ended.
    let has_others =
        || fs::read_dir(directory.join("task")).is_ok_and(|threads| threads.count() > 1);
    status.main_thread_has_ended() && !has_others()
}

/// Reads a process from its directory in `/proc`; `None` if it has another name, has ended, or is in a container.
fn read_process(directory: &Path, name: &str) -> Option<Process> {
    let pid = directory.file_name()?.to_str()?.parse().ok()?;
    let status = fs::read(directory.join("status")).ok()?;
    let status = String::from_utf8_lossy(&status);
    let status = Status(&status);
    let pids = status.field("NSpid");
    let is_in_container = pids.is_some_and(|pids| pids.split_whitespace().count() > 1);
    let comm = fs::read(directory.join("comm")).ok()?;
    let comm = comm.strip_suffix(b"\n").unwrap_or(&comm);
    let name = &name.as_bytes()[..name.len().min(NAME_LENGTH)];
    (comm == name && !has_ended(directory, &status) && !is_in_container).then_some(Process {
        pid,
        parent: status.field("PPid")?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_without_its_main_thread_runs_while_it_has_other_threads() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("70");
        fs::create_dir_all(directory.join("task/70")).unwrap();
        let has_ended = |state: &str| has_ended(&directory, &Status(&format!("State:\t{state}\n")));
        assert!(has_ended("Z (zombie)") && !has_ended("S (sleeping)"));
        fs::create_dir_all(directory.join("task/71")).unwrap();
        assert!(!has_ended("Z (zombie)"));

        fs::write(directory.join("comm"), "threads\n").unwrap();
        fs::write(directory.join("status"), "State:\tZ (zombie)\nPPid:\t1\n").unwrap();
        assert!(read_process(&directory, "threads").is_some());
        fs::remove_dir(directory.join("task/71")).unwrap();
        assert!(read_process(&directory, "threads").is_none());
    }
}
