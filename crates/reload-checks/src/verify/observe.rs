//! Observes the processes of a server until its reload is verified.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::VerifyError;
use super::master::{NotFound, Server};
use super::verification::{Pending, Progress, Serving, Verdict, Verified};
use crate::processes::{self, ProcessId};

/// The maximum length of a command line in an error.
const MAX_TITLE: usize = 80;

/// A server before its reload.
#[derive(Clone, Debug)]
pub struct Before {
    serving: Serving,
    pid_file: Option<PathBuf>,
}

impl Before {
    /// Observes the master of a server and its workers. Call it before the reload command.
    ///
    /// # Errors
    /// [`VerifyError`] if there is no single master.
    pub fn observe(server: Server, pid_file: Option<&Path>) -> Result<Self, VerifyError> {
        let pid = pid_file.map(read_pid).transpose()?;
        let table = processes::named(server.process_name());
        let list = |ids: &[ProcessId]| {
            let shown = ids.iter().map(|id| {
                let process = table.iter().find(|process| process.id == *id);
                let title = process.map(processes::Process::title).unwrap_or_default();
                let title: String = title.chars().take(MAX_TITLE).collect();
                format!("{}: {title}", id.pid)
            });
            shown.collect::<Vec<_>>().join("; ")
        };
        let serving = Serving::find(server, &table, pid).map_err(|reason| match reason {
            NotFound::NotRunning => VerifyError::NotRunning { server },
            NotFound::InContainer(ids) => VerifyError::InContainer {
                server,
                processes: list(&ids),
            },
            NotFound::Several(ids) => VerifyError::Several {
                server,
                processes: list(&ids),
            },
            NotFound::NotTheMaster(pid) => VerifyError::NotTheMaster {
                server,
                path: pid_file.unwrap_or(Path::new("")).to_owned(),
                pid,
            },
        })?;
        Ok(Self {
            serving,
            pid_file: pid_file.map(Path::to_owned),
        })
    }
}

/// A verification in progress. For a caller that waits by itself; see [`verify`].
#[derive(Clone, Debug)]
pub struct Verification {
    progress: Progress,
    pid_file: Option<PathBuf>,
    /// The last reason for which the reload was not confirmed.
    pending: Pending,
}

impl Verification {
    /// Creates a verification of the reload after `before`.
    #[must_use]
    pub fn new(before: Before) -> Self {
        let pending = Pending::NoNewWorkers(before.serving.main.pid);
        Self {
            progress: Progress::new(before.serving),
            pid_file: before.pid_file,
            pending,
        }
    }

    /// Observes the processes once. Returns the new workers if the reload is confirmed, for which at
    /// least two observations are needed. It reads `/proc`, which takes some milliseconds.
    pub fn observe(&mut self) -> Option<Verified> {
        let pid = self.pid_file.as_deref().map(read_pid).transpose();
        let name = self.progress.before().server.process_name();
        let table = processes::named(name);
        // An outdated or empty file is that of a server which is starting.
        let pid = pid.unwrap_or(Some(0));
        match self.progress.judge(&table, pid, Instant::now()) {
            Verdict::Verified(verified) => Some(verified),
            Verdict::Pending(pending) => {
                self.pending = pending;
                None
            }
        }
    }

    /// The error if the last observation was the last one before the time limit.
    pub fn error(&self, limit: Duration) -> VerifyError {
        let server = self.progress.before().server;
        let list = |ids: &mut dyn Iterator<Item = &ProcessId>| {
            let pids: Vec<_> = ids.map(|id| id.pid.to_string()).collect();
            pids.join(", ")
        };
        match &self.pending {
            Pending::Ended(pid) => VerifyError::Ended {
                server,
                pid: *pid,
                limit,
            },
            Pending::NoNewWorkers(pid) => VerifyError::OldWorkersKept {
                server,
                pid: *pid,
                workers: list(&mut self.progress.before().workers.iter()),
                limit,
            },
            Pending::OldWorkersServe(pid, old) => VerifyError::OldWorkersServe {
                server,
                pid: *pid,
                workers: list(&mut old.iter()),
                limit,
            },
            Pending::New(pid) => VerifyError::Unstable {
                server,
                pid: *pid,
                limit,
            },
        }
    }
}

/// Waits until the server has reloaded: its master has new workers, and the old ones are gone or
/// finish their last requests. Blocks for at most `limit`, and observes the processes every
/// `interval`.
///
/// # Errors
/// [`VerifyError`] if the reload is not confirmed within `limit`.
pub fn verify(
    before: &Before,
    limit: Duration,
    interval: Duration,
) -> Result<Verified, VerifyError> {
    let begun = Instant::now();
    let mut verification = Verification::new(before.clone());
    loop {
        if let Some(verified) = verification.observe() {
            return Ok(verified);
        }
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(verification.error(limit));
        }
        std::thread::sleep(interval.min(left));
    }
}

fn read_pid(path: &Path) -> Result<i32, VerifyError> {
    let failed = |source| VerifyError::PidFile {
        path: path.to_owned(),
        source,
    };
    let text = fs::read_to_string(path).map_err(failed)?;
    // HAProxy writes one number per process.
    let first = text.lines().next().unwrap_or_default().trim();
    first
        .parse()
        .map_err(|_| failed(io::Error::other("it has no process ID")))
}
