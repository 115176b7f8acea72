//! The rules for all queries of a watcher.

use std::time::Duration;

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

impl Rules {
    /// The default. The number of connections is less than a third of what Consul accepts from one address.
    pub const DEFAULT: Self = Self {
        wait: Duration::from_secs(60),
        max_stale: Some(Duration::from_secs(2)),
        pause: Duration::ZERO,
        connections: 64,
        is_limited_by_files: false,
        full_read_interval: Some(Duration::from_secs(600)),
        pauses: Pauses::DEFAULT,
    };
}

/// The pauses between retries of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pauses {
    /// The first pause; each further one is twice as long.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// The longest pause of the one query that probes for the end of an outage.
    pub probe: Duration,
}

impl Pauses {
    /// The default. With jitter a probe pauses half a second on average, so a recovery is noticed within a second.
    pub const DEFAULT: Self = Self {
        first: Duration::from_millis(250),
        longest: Duration::from_secs(60),
        probe: Duration::from_secs(1),
    };
}
