//! The recorded requests, and the numbers of open requests and connections.
//!
//! Input: requests and connections as they start and end. Output: lists and counts that tests can
//! assert on.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// A request that a client made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The method.
    pub method: String,
    /// The path as received.
    pub path: String,
    /// The query string as received, without the question mark; empty if there is none.
    pub query: String,
    /// The value of the header `X-Consul-Token`.
    pub token: Option<String>,
}

#[derive(Debug, Default)]
struct Entries {
    recorded: VecDeque<RecordedRequest>,
    /// The number of open requests by path.
    open: BTreeMap<String, usize>,
    connections: usize,
    most_connections: usize,
}

/// The log of one server. Clones share one log.
#[derive(Clone, Debug)]
pub(crate) struct RequestLog {
    entries: Arc<Mutex<Entries>>,
    capacity: usize,
}

impl RequestLog {
    /// Creates a log that keeps the last `capacity` requests.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            entries: Arc::default(),
            capacity,
        }
    }

    /// Records a request. It counts as open until the returned guard is dropped.
    pub(crate) fn request(
        &self,
        path: &str,
        request: impl FnOnce() -> RecordedRequest,
    ) -> OpenGuard {
        self.locked(|entries| {
            *entries.open.entry(path.to_owned()).or_default() += 1;
            if self.capacity > 0 {
                if entries.recorded.len() == self.capacity {
                    entries.recorded.pop_front();
                }
                entries.recorded.push_back(request());
            }
        });
        OpenGuard {
            log: self.clone(),
            path: Some(path.to_owned()),
        }
    }

    /// Counts a connection until the returned guard is dropped.
    pub(crate) fn connection(&self) -> OpenGuard {
        self.locked(|entries| {
            entries.connections += 1;
            entries.most_connections = entries.most_connections.max(entries.connections);
        });
        OpenGuard {
            log: self.clone(),
            path: None,
        }
    }

    /// Returns the recorded requests whose path starts with `prefix`, oldest first; `None` if
    /// requests are not recorded.
    pub(crate) fn requests(&self, prefix: &str) -> Option<Vec<RecordedRequest>> {
        let below = |entries: &mut Entries| {
            let all = entries.recorded.iter();
            all.filter(|request| request.path.starts_with(prefix))
                .cloned()
                .collect()
        };
        (self.capacity > 0).then(|| self.locked(below))
    }

    /// Returns the number of open requests whose path starts with `prefix`.
    pub(crate) fn open(&self, prefix: &str) -> usize {
        self.locked(|entries| {
            let from = entries.open.range(prefix.to_owned()..);
            from.take_while(|(path, _)| path.starts_with(prefix))
                .map(|(_, count)| count)
                .sum()
        })
    }

    /// Returns the number of open connections.
    pub(crate) fn connections(&self) -> usize {
        self.locked(|entries| entries.connections)
    }

    /// Returns the highest number of simultaneous connections since the start or the last
    /// [`clear`](Self::clear).
    pub(crate) fn most_connections(&self) -> usize {
        self.locked(|entries| entries.most_connections)
    }

    /// Drops the recorded requests, and restarts the count of simultaneous connections.
    pub(crate) fn clear(&self) {
        self.locked(|entries| {
            entries.recorded.clear();
            entries.most_connections = entries.connections;
        });
    }

    fn locked<R>(&self, change: impl FnOnce(&mut Entries) -> R) -> R {
        change(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Counts a request or a connection as open until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenGuard {
    log: RequestLog,
    /// The path of a request; `None` for a connection.
    path: Option<String>,
}

impl Drop for OpenGuard {
    fn drop(&mut self) {
        self.log.locked(|entries| {
            let Some(path) = &self.path else {
                entries.connections -= 1;
                return;
            };
            if let Some(count) = entries.open.get_mut(path) {
                *count -= 1;
                if *count == 0 {
                    entries.open.remove(path);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str) -> RecordedRequest {
        RecordedRequest {
            method: "GET".into(),
            path: path.into(),
            query: String::new(),
            token: None,
        }
    }

    #[test]
    fn only_the_latest_requests_are_kept() {
        let log = RequestLog::new(2);
        for path in ["/a", "/b", "/c"] {
            drop(log.request(path, || request(path)));
        }
        assert_eq!(log.requests("/"), Some(vec![request("/b"), request("/c")]));
    }

    #[test]
    fn nothing_is_recorded_without_a_capacity() {
        let log = RequestLog::new(0);
        let open = log.request("/a", || request("/a"));
        assert_eq!((log.requests("/"), log.open("/")), (None, 1));
        drop(open);
        assert_eq!(log.open("/"), 0);
    }
}
