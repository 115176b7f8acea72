//! Decides whether a server has reloaded, from its processes at several times.
//!
//! Input: the processes before the reload, and tables of processes with their times. Output: a
//! [`Verdict`] for each table. There is no I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

use super::master::{NotFound, Server, find, workers};
use crate::processes::{Process, ProcessId};

/// The time for which a new HAProxy worker must run while old ones do. HAProxy does not show in a
/// table of processes whether a worker still accepts connections, and some versions start a worker
/// to read the configuration.
const SETTLE: Duration = Duration::from_secs(1);

/// The bit of SIGUSR2 in a mask of signals.
const USR2: u64 = 1 << 11;

/// The processes of a server before the reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Serving {
    pub(super) server: Server,
    /// The master, or the process that serves by itself.
    pub(super) main: ProcessId,
    /// All workers, also those that are ending.
    pub(super) workers: BTreeSet<ProcessId>,
}

impl Serving {
    /// Finds the server. `pid` is the number in its PID file.
    pub(super) fn find(
        server: Server,
        table: &[Process],
        pid: Option<i32>,
    ) -> Result<Self, NotFound> {
        let main = find(server, table, pid)?;
        Ok(Self {
            server,
            main,
            workers: workers(server, table, main, true),
        })
    }

    /// Returns `true` if the main process serves by itself.
    fn is_alone(&self) -> bool {
        self.workers.contains(&self.main)
    }
}

/// A server that runs the new configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The server.
    pub server: Server,
    /// The process ID of its master, or of the process that serves by itself.
    pub pid: i32,
    /// The number of new workers.
    pub workers: usize,
    /// `true` if the main process is a new one.
    pub is_new: bool,
}

impl fmt::Display for Verified {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_new { "new process" } else { "master" };
        write!(
            out,
            "{} {kind} {} has {} new worker(s)",
            self.server, self.pid, self.workers
        )
    }
}

/// The state of the verification after a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The new configuration is served.
    Verified(Verified),
    /// It is not yet; if it stays so until the deadline, this is the reason.
    Pending(Pending),
}

/// The reason for which a reload is not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    /// The main process has ended, and there is no new one with workers.
    Ended(i32),
    /// The main process has no new worker.
    NoNewWorkers(i32),
    /// Old workers serve beside the new ones.
    OldWorkersServe(i32, BTreeSet<ProcessId>),
    /// New workers were seen for too short a time, or the master does not accept signals yet.
    New(i32),
}

/// A verification in progress.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    before: Serving,
    /// The new workers, each with the time when it was first seen.
    first_seen: BTreeMap<ProcessId, Instant>,
}

impl Progress {
    pub(super) fn new(before: Serving) -> Self {
        Self {
            before,
            first_seen: BTreeMap::new(),
        }
    }

    pub(super) fn before(&self) -> &Serving {
        &self.before
    }

    /// Takes the processes at a time. `pid` is the number in the PID file at that time.
    pub(super) fn judge(&mut self, table: &[Process], pid: Option<i32>, now: Instant) -> Verdict {
        let Self { before, first_seen } = self;
        let server = before.server;
        let is_running = table.iter().any(|process| process.id == before.main);
        // A process that serves by itself is replaced by a new one.
        let main = if is_running && !before.is_alone() {
            Ok(before.main)
        } else {
            find(server, table, pid)
        };
        let Ok(main) = main else {
            first_seen.clear();
            return Verdict::Pending(Pending::Ended(before.main.pid));
        };
        let mut new = &workers(server, table, main, false) - &before.workers;
        // A master whose workers have all ended looks like a process that serves by itself.
        new.remove(&before.main);
        first_seen.retain(|id, _| new.contains(id));
        for id in &new {
            first_seen.entry(*id).or_insert(now);
        }
        if new.is_empty() {
            return Verdict::Pending(if main == before.main {
                Pending::NoNewWorkers(main.pid)
            } else {
                Pending::Ended(before.main.pid)
            });
        }
        let serving = workers(server, table, before.main, false);
        let old: BTreeSet<_> = serving.intersection(&before.workers).copied().collect();
        if server == Server::Nginx && !old.is_empty() {
            return Verdict::Pending(Pending::OldWorkersServe(main.pid, old));
        }
        let required = if old.is_empty() {
            Duration::ZERO
        } else {
            SETTLE
        };
        let is_confirmed = |seen: &Instant| *seen < now && *seen + required <= now;
        if !first_seen.values().any(is_confirmed) || !can_reload(server, table, main) {
            return Verdict::Pending(Pending::New(main.pid));
        }
        Verdict::Verified(Verified {
            server,
            pid: main.pid,
            workers: new.len(),
            is_new: main != before.main,
        })
    }
}

/// Returns `true` if the main process can reload again. The master of HAProxy ignores USR2 for some
/// milliseconds after it has started a new worker; then the next reload would be lost.
fn can_reload(server: Server, table: &[Process], main: ProcessId) -> bool {
    let is_master = |process: &&Process| table.iter().any(|one| one.parent == process.id.pid);
    let main = table.iter().find(|process| process.id == main);
    server == Server::Nginx
        || main
            .filter(is_master)
            .is_none_or(|main| main.caught & USR2 != 0)
}
