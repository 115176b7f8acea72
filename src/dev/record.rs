//! Writes down what was asked of the server, and what is open.
//!
//! in:  requests and connections as they come and go
//! out: lists and counts for tests to assert on

use std::sync::{Arc, Mutex, PoisonError};

/// A request that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its method.
    pub method: String,
    /// Its path, as it was sent.
    pub path: String,
    /// Its query, as it was sent, without the question mark; empty when there is none.
    pub query: String,
    /// The value of its `X-Consul-Token` header.
    pub token: Option<String>,
}

#[derive(Debug, Default)]
struct Pages {
    seen: Vec<Seen>,
    open: Vec<String>,
    connections: usize,
    most_connections: usize,
}

/// The record; all clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Arc<Mutex<Pages>>);

impl Record {
    /// Writes a request down; it is open until the result is dropped.
    pub(crate) fn request(&self, seen: Seen) -> Open {
        let path = seen.path.clone();
        self.locked(|pages| {
            pages.open.push(path.clone());
            pages.seen.push(seen);
        });
        Open {
            record: self.clone(),
            path: Some(path),
        }
    }

    /// Counts a connection until the result is dropped.
    pub(crate) fn connection(&self) -> Open {
        self.locked(|pages| {
            pages.connections += 1;
            pages.most_connections = pages.most_connections.max(pages.connections);
        });
        Open {
            record: self.clone(),
            path: None,
        }
    }

    pub(crate) fn requests(&self, prefix: &str) -> Vec<Seen> {
        self.locked(|pages| {
            pages
                .seen
                .iter()
                .filter(|seen| seen.path.starts_with(prefix))
                .cloned()
                .collect()
        })
    }

    pub(crate) fn open(&self, prefix: &str) -> usize {
        self.locked(|pages| {
            pages
                .open
                .iter()
                .filter(|path| path.starts_with(prefix))
                .count()
        })
    }

    pub(crate) fn connections(&self) -> usize {
        self.locked(|pages| pages.connections)
    }

    pub(crate) fn most_connections(&self) -> usize {
        self.locked(|pages| pages.most_connections)
    }

    pub(crate) fn forget(&self) {
        self.locked(|pages| {
            pages.seen.clear();
            pages.most_connections = pages.connections;
        });
    }

    fn locked<R>(&self, change: impl FnOnce(&mut Pages) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Something that is open until this is dropped.
#[derive(Debug)]
pub(crate) struct Open {
    record: Record,
    /// The path of a request; nothing for a connection.
    path: Option<String>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.record.locked(|pages| match &self.path {
            None => pages.connections -= 1,
            Some(path) => {
                if let Some(at) = pages.open.iter().position(|open| open == path) {
                    pages.open.swap_remove(at);
                }
            }
        });
    }
}
