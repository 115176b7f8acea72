//! Finds the main process of a server, and its workers, among observed processes.
//!
//! Input: the processes with the server's name. Output: the main process. nginx shows its roles in
//! the titles of its processes. A HAProxy process whose parent is another one is a worker; one
//! without workers serves by itself.

use std::collections::BTreeSet;
use std::fmt;

use crate::processes::{Process, ProcessId};

/// A server whose reload can be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// nginx, with a master process.
    Nginx,
    /// HAProxy, in master-worker mode or without a master.
    Haproxy,
}

impl Server {
    /// The name of its processes.
    pub(super) fn process_name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "HAProxy",
        })
    }
}

/// The reason for which there is no single main process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotFound {
    NotRunning,
    /// All of them are in containers.
    InContainer(Vec<ProcessId>),
    Several(Vec<ProcessId>),
    /// The process that the PID file names is not one.
    NotTheMaster(i32),
}

/// Finds the main process of a server. `pid` is the number in its PID file.
pub(super) fn find(
    server: Server,
    table: &[Process],
    pid: Option<i32>,
) -> Result<ProcessId, NotFound> {
    let all = candidates(server, table);
    if let Some(pid) = pid {
        let named = all.iter().find(|process| process.id.pid == pid);
        return named
            .map(|process| process.id)
            .ok_or(NotFound::NotTheMaster(pid));
    }
    let (contained, own): (Vec<&Process>, Vec<_>) =
        all.into_iter().partition(|process| process.is_in_container);
    let ids = |processes: &[&Process]| processes.iter().map(|process| process.id).collect();
    match own[..] {
        [process] => Ok(process.id),
        [] if contained.is_empty() => Err(NotFound::NotRunning),
        [] => Err(NotFound::InContainer(ids(&contained))),
        _ => Err(NotFound::Several(ids(&own))),
    }
}

/// Returns the processes that could be the main process.
fn candidates(server: Server, table: &[Process]) -> Vec<&Process> {
    match server {
        Server::Nginx => table
            .iter()
            .filter(|process| process.title().starts_with("nginx: master process"))
            .collect(),
        Server::Haproxy => {
            let roots: Vec<_> = table
                .iter()
                .filter(|process| !table.iter().any(|other| other.id.pid == process.parent))
                .collect();
            // A process that another one was told to replace ends when its connections end.
            let replaced: BTreeSet<i32> = roots.iter().flat_map(|one| replaced_by(one)).collect();
            let is_current = |process: &&Process| !replaced.contains(&process.id.pid);
            roots.into_iter().filter(is_current).collect()
        }
    }
}

/// Returns the process IDs after `-sf` or `-st` in the command line of HAProxy.
fn replaced_by(process: &Process) -> impl Iterator<Item = i32> {
    let flag = process
        .words
        .iter()
        .position(|word| word == "-sf" || word == "-st");
    let after = flag.map_or(&[][..], |at| &process.words[at + 1..]);
    after.iter().map_while(|word| word.parse().ok())
}

/// Returns the processes that serve requests for a main process: its workers, or itself. With
/// `with_ending`, also workers that finish their last requests.
pub(super) fn workers(
    server: Server,
    table: &[Process],
    main: ProcessId,
    with_ending: bool,
) -> BTreeSet<ProcessId> {
    let children = table.iter().filter(|process| process.parent == main.pid);
    match server {
        Server::Nginx => children
            .filter(|process| {
                let title = process.title();
                title.starts_with("nginx: worker process")
                    && (with_ending || !title.contains("is shutting down"))
            })
            .map(|process| process.id)
            .collect(),
        Server::Haproxy => {
            let workers: BTreeSet<_> = children.map(|process| process.id).collect();
            let main = table.iter().find(|process| process.id == main);
            match main.filter(|process| workers.is_empty() && !is_master(process)) {
                Some(alone) => [alone.id].into(),
                None => workers,
            }
        }
    }
}

/// Returns `true` if a HAProxy process was started as a master: with `-W` or `-Ws`.
fn is_master(process: &Process) -> bool {
    process
        .words
        .iter()
        .any(|word| word == "-W" || word == "-Ws")
}
