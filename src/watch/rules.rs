//! The rules for all queries of a watcher.

use std::time::Duration;

use crate::config::resolved::Pauses;

/// The rules for all queries of a watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The maximum time that a blocking query blocks.
    pub wait: Duration,
    /// The maximum age of a stale answer; `None`: do not request stale answers.
    pub max_stale: Option<Duration>,
    /// The pause between a new answer and the next blocking query. `-once` needs a second answer
    /// only if the first one is not enough.
    pub pause: Duration,
    /// The maximum number of connections to a server, each of which is an open file.
    pub connections: usize,
    /// `true` if the limit of open files determines that number.
    pub is_limited_by_files: bool,
    /// The interval at which every answer is read again, although nothing has announced a change; `None`: never.
    pub full_read_interval: Option<Duration>,
    /// The pauses between retries.
    pub pauses: Pauses,
}
