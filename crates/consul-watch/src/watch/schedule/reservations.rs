//! What the record of the connections permits: how many long polls may be in flight, and how long they may wait.
//!
//! Consul keeps the connection of a long poll after its process was killed. So the record is written before long polls
//! are sent that it does not cover: until then, they wait for at most [`FIRST_WAIT`]. The record has more room than is
//! needed, so that it is rarely written.
//!
//! Input: the long polls that begin and end, and the results of writes. Output: the longest wait of the next long poll,
//! and the record to write.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The maximum time that a query blocks soon after the start, or after a refusal. Consul keeps the connection of a
/// cancelled long poll until its wait is over, so a process that is restarted again and again would take more and more
/// connections.
pub(super) const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest waits of the classes of long polls. The last class has no bound but the configured wait.
const BOUNDS: [Duration; 5] = [
    FIRST_WAIT,
    Duration::from_secs(8),
    Duration::from_secs(32),
    Duration::from_secs(128),
    Duration::from_secs(512),
];
const CLASSES: usize = BOUNDS.len() + 1;
/// The numbers of the record are multiples of this one.
const STEP: usize = 8;
/// The minimum time between two writes.
const MIN_INTERVAL: Duration = Duration::from_secs(5);
/// The pause after a write that has failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(60);
/// The time that polls wait for a write. After that, they do without.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// The number of long polls in each class.
type Counts = [usize; CLASSES];

/// A long poll in flight, or one that was cancelled.
#[derive(Clone, Copy, Debug)]
struct Poll {
    server: usize,
    /// The class of its wait.
    class: usize,
    /// The class of the wait that it would have without a record.
    wanted: usize,
}

/// The long polls, and what the record on the disk permits.
#[derive(Debug)]
pub(super) struct Reservations {
    /// `true` if there is a record.
    is_on: bool,
    /// The configured wait.
    longest: Duration,
    polls: BTreeMap<u64, Poll>,
    /// The long polls that were cancelled, with the time until which they count.
    cancelled: Vec<(Instant, Poll)>,
    /// What the record permits, by server; `None` before the first write.
    permitted: Option<BTreeMap<usize, Counts>>,
    /// What the record permits after the present write; empty if that is a write of an earlier schedule.
    writing: Option<BTreeMap<usize, Counts>>,
    /// The time of the last write.
    written: Option<Instant>,
    /// The time since which a write has no result.
    waits_since: Option<Instant>,
    /// `true` if the last write failed.
    has_failed: bool,
}

impl Reservations {
    /// Creates a value without a record, which permits everything. `longest` is the configured wait.
    pub(super) fn new(longest: Duration) -> Self {
        Self {
            is_on: false,
            longest,
            polls: BTreeMap::new(),
            cancelled: Vec::new(),
            permitted: None,
            writing: None,
            written: None,
            waits_since: None,
            has_failed: false,
        }
    }

    /// Uses a record from now on.
    pub(super) fn turn_on(&mut self, now: Instant) {
        self.is_on = true;
        self.waits_since = Some(now);
    }

    /// Uses a record if an earlier schedule did.
    pub(super) fn inherit(&mut self, earlier: &Self, now: Instant) {
        if earlier.is_on {
            self.turn_on(now);
            self.writing = earlier.writing.as_ref().map(|_| BTreeMap::new());
        }
    }

    /// Returns `true` while a long poll has to wait for the first write.
    pub(super) fn waits(&self, now: Instant) -> bool {
        self.permitted.is_none() && self.is_in_force(now)
    }

    /// Returns `true` if there is a record that is written in time.
    fn is_in_force(&self, now: Instant) -> bool {
        let is_late = self
            .waits_since
            .is_some_and(|since| now >= since + WRITE_TIMEOUT);
        self.is_on && !is_late && !self.has_failed
    }

    /// The longest wait of a long poll that should wait for this time.
    pub(super) fn longest_wait(&self, server: usize, wanted: Duration, now: Instant) -> Duration {
        if !self.is_in_force(now) {
            return wanted;
        }
        let (permitted, used) = (self.permitted(server), self.used());
        let used = used.get(&server).copied().unwrap_or_default();
        let has_room = |class: &usize| used[*class] < permitted[*class];
        let class = (1..=class_of(wanted)).rev().find(has_room);
        wanted.min(bound(class.unwrap_or(0)))
    }

    /// Counts a long poll. `wanted` is its wait without a record.
    pub(super) fn begin(
        &mut self,
        request_id: u64,
        server: usize,
        wait: Duration,
        wanted: Duration,
    ) {
        if self.is_on {
            let (class, wanted) = (class_of(wait), class_of(wanted));
            let poll = Poll {
                server,
                class,
                wanted,
            };
            self.polls.insert(request_id, poll);
        }
    }

    /// Counts the end of a request.
    pub(super) fn end(&mut self, request_id: u64) {
        self.polls.remove(&request_id);
    }

    /// Counts a long poll that is cancelled until its wait is over.
    pub(super) fn cancel(&mut self, request_id: u64, until: Instant) {
        if let Some(poll) = self.polls.remove(&request_id) {
            self.cancelled.push((until, poll));
        }
    }

    /// Returns the numbers to write, by server and longest wait, if a write is due. `servers` is the number of servers,
    /// `limit` that of long polls.
    pub(super) fn next_write(
        &mut self,
        servers: usize,
        limit: usize,
        now: Instant,
    ) -> Option<Vec<Vec<(Duration, usize)>>> {
        self.cancelled.retain(|(until, _)| now < *until);
        self.due(now).filter(|due| *due <= now)?;
        let most = self.most();
        let needed = |server| needed(most.get(&server).copied().unwrap_or_default(), limit);
        let counts: BTreeMap<_, _> = (0..servers)
            .map(|server| (server, needed(server)))
            .collect();
        let open = counts.values().map(|counts| self.open(counts)).collect();
        self.writing = Some(counts);
        self.written = Some(now);
        self.waits_since = Some(now);
        Some(open)
    }

    /// Handles the result of a write.
    pub(super) fn wrote(&mut self, is_written: bool) {
        let counts = self.writing.take().unwrap_or_default();
        if counts.is_empty() {
            return;
        }
        self.waits_since = None;
        self.has_failed = !is_written;
        if is_written {
            self.permitted = Some(counts);
        }
    }

    /// The time of the next write, or at which polls do without the present one.
    pub(super) fn next_wake(&self, now: Instant) -> Option<Instant> {
        let late = self.waits_since.map(|since| since + WRITE_TIMEOUT);
        let late = late.filter(|late| self.is_on && *late > now);
        self.due(now).into_iter().chain(late).min()
    }

    /// The time of the next write; `None` while nothing has to be written.
    fn due(&self, now: Instant) -> Option<Instant> {
        if !self.is_on || self.writing.is_some() {
            return None;
        }
        let Some(written) = self.written else {
            return Some(now);
        };
        if self.has_failed {
            return Some(written + RETRY_INTERVAL);
        }
        let is_exceeded = self.most().into_iter().any(|(server, most)| {
            let permitted = self.permitted(server);
            (1..CLASSES).any(|class| most[class] > permitted[class])
        });
        is_exceeded.then(|| written + MIN_INTERVAL)
    }

    /// What the record on the disk permits in any case: the present write may have replaced it already, or not.
    fn permitted(&self, server: usize) -> Counts {
        let of =
            |counts: &BTreeMap<usize, Counts>| counts.get(&server).copied().unwrap_or_default();
        let permitted = self.permitted.as_ref().map(of).unwrap_or_default();
        let Some(writing) = self.writing.as_ref().map(of) else {
            return permitted;
        };
        std::array::from_fn(|class| permitted[class].min(writing[class]))
    }

    /// The long polls of each class by server, or those that would belong to it without a record if they are more.
    fn most(&self) -> BTreeMap<usize, Counts> {
        let mut most = self.used();
        for (server, wanted) in self.count(|poll| poll.wanted) {
            let most = most.entry(server).or_default();
            *most = std::array::from_fn(|class| most[class].max(wanted[class]));
        }
        most
    }

    /// The long polls of each class, by server.
    fn used(&self) -> BTreeMap<usize, Counts> {
        self.count(|poll| poll.class)
    }

    fn count(&self, class_of: impl Fn(&Poll) -> usize) -> BTreeMap<usize, Counts> {
        let mut counts = BTreeMap::<usize, Counts>::new();
        let cancelled = self.cancelled.iter().map(|(_, poll)| poll);
        for poll in self.polls.values().chain(cancelled) {
            counts.entry(poll.server).or_default()[class_of(poll)] += 1;
        }
        counts
    }

    /// The numbers with the longest wait of each class.
    fn open(&self, counts: &Counts) -> Vec<(Duration, usize)> {
        let classes = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        classes
            .map(|(class, count)| (self.longest.min(bound(class)), *count))
            .collect()
    }
}

/// The numbers that the next record needs for these long polls.
fn needed(most: Counts, limit: usize) -> Counts {
    std::array::from_fn(|class| match class {
        0 => limit,
        _ => most[class].next_multiple_of(STEP).min(limit),
    })
}

/// The class of a wait.
fn class_of(wait: Duration) -> usize {
    let position = BOUNDS.iter().position(|bound| wait <= *bound);
    position.unwrap_or(BOUNDS.len())
}

/// The longest wait of a class.
fn bound(class: usize) -> Duration {
    BOUNDS.get(class).copied().unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests;
