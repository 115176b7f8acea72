//! Decides which request is sent next, with which index and wait, to which server, and under which
//! limits. It has no I/O and no clock: the time is an argument.
//!
//! Input: the followed queries, the outcomes of requests, the time. Output: requests to send
//! ([`Schedule::next`]), requests to cancel, and [`WatchEvent`]s.
//!
//! While there are enough connections, each query has a long poll of its own. Otherwise a few long
//! polls for [ticks](crate::source::Tick) announce changes in an area, and short requests find them.
//! Many keys below one prefix share one request.
//!
//! - `entry.rs`, `entries.rs`: a query, prefix or tick, and the table of them.
//! - `connections.rs`, `refusals.rs`, `pace.rs`: the limits. `reservations.rs`, `recording.rs`: the record of the connections.
//! - `areas.rs`, `prefixes.rs`: what is shared beyond the limits; `survey.rs`, `surveying.rs`: which services have changed.
//! - `failures.rs`: retries; `datacenters.rs`, `datacenter_requests.rs`: what a datacenter that does not answer may delay.
//! - `following.rs`: begins and ends to follow; `mode.rs`: chooses between long polls and ticks.
//! - `sending.rs`, `announced.rs`: choose requests.
//! - `server_states.rs`: which server answers; `servers.rs`: chooses the server of a request, and probes servers.
//! - `answering.rs`, `ticks.rs`, `failing.rs`: handle outcomes. `token.rs`: reads with a new token.
//!
//! # Constants that determine times and rates
//! They are declared where they are used:
//!
//! | file | constants | subject |
//! |---|---|---|
//! | `pace.rs` | `BURST`, `MAX_RATE`, `MIN_RATE`, `POLL_RATE`, `BYTES` | requests and bytes per second |
//! | | `FULL_ROUND`, `SLOWEST_ROUND`, `USELESS_ROUNDS` | the duration of a round of reads after a tick |
//! | | `MIN_POLL_INTERVAL`, `CROWDED_WAIT` | the time between two polls of a query; the wait while queries take turns |
//! | `refusals.rs` | `RECOVERY_INTERVAL`, `MAX_RECOVERY_INTERVAL`, `ONE_REFUSAL` | the limit of long polls after refusals |
//! | `reservations.rs` | `FIRST_WAIT`, `BOUNDS` | how long polls block at first |
//! | | `MIN_INTERVAL`, `RETRY_INTERVAL`, `WRITE_TIMEOUT` | when the record of the connections is written |
//! | `sending.rs` | `YIELD_TO_FIRST_ANSWERS` | how long polls are delayed |
//! | `announced.rs` | `HOT_WAIT` | how long a poll blocks that ticks replace |
//! | `server_states.rs` | `SILENCE` | when a server is probed |
//! | `datacenters.rs` | `SLOW`, `CHECK_AFTER`, `MAX_SILENCE` | when a datacenter takes no room any more, and when templates continue without it |
//! | `answering.rs` | `QUICK`, `MAX_IDLE_BACKOFF` | the pause after an answer |
//! | `ticks.rs` | `MIN_TICK_INTERVAL`, `TICK_BYTES` | the pause after the answer to a tick |
//! | `survey.rs` | `SURVEY_BYTES`, `SURVEY_RATE`, `MIN_INTERVAL`, `MAX_INTERVAL`, `USELESS_PAUSE` | how often the nodes are read |
//! | `areas.rs` | `HOT` | how long a query that has changed keeps a long poll |
//! | `failing.rs` | `RECOVERY_JITTER`, `MAX_PAUSE`, `REFUSED_PAUSE` | the pause after a failure |
//! | `failures.rs` | `DENIED_PAUSE`, `JITTER` | the backoff; the configured pauses are in [`Rules`] |

mod announced;
mod answering;
mod areas;
mod connections;
mod datacenter_requests;
mod datacenters;
mod entries;
mod entry;
mod failing;
mod failures;
mod following;
mod id;
mod mode;
mod pace;
mod prefixes;
mod recording;
mod refusals;
mod request;
mod reservations;
mod sending;
mod server_states;
mod servers;
mod survey;
mod surveying;
#[cfg(test)]
mod tests;
mod ticks;
mod token;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::event::WatchEvent;
use super::rules::Rules;
use crate::query::{KeyQuery, Query};
use areas::Areas;
use connections::Connections;
pub use connections::long_polls;
use datacenters::Datacenters;
use entries::Entries;
pub(super) use entry::Traits;
use entry::{Lane, State};
#[cfg(test)]
pub(super) use failures::DENIED_PAUSE;
use failures::Failures;
use id::Id;
use pace::Pace;
#[cfg(test)]
pub(super) use pace::{CROWDED_WAIT, MIN_POLL_INTERVAL};
pub use prefixes::choose as shared_prefixes;
use request::{InFlight, Requests};
pub(super) use request::{Outcome, Request, Target};
use reservations::Reservations;
use server_states::Servers;
use survey::Surveys;

/// The state of all followed queries.
#[derive(Debug)]
pub(super) struct Schedule {
    rules: Rules,
    servers: Servers,
    entries: Entries,
    areas: Areas,
    surveys: Surveys,
    connections: Connections,
    reservations: Reservations,
    pace: Pace,
    failures: Failures,
    datacenters: Datacenters,
    requests: Requests,
    /// The prefixes whose answer has too many other entries (`None`), or is refused, with the time until which it is not
    /// requested again.
    unusable_prefixes: BTreeMap<KeyQuery, Option<Instant>>,
    mode: Mode,
    /// `true` if the last long poll was that of a tick.
    after_tick: bool,
    /// `true` while the receiver of the events is busy.
    is_busy: bool,
    /// The time until which long polls wait for first answers.
    yields_until: Option<Instant>,
    /// The time since which long polls may become longer.
    ramp: Instant,
    /// The time of the last choice of a request.
    chosen_at: Instant,
    random: fastrand::Rng,
    events: Vec<WatchEvent>,
    cancelled: Vec<u64>,
    /// The entries to read once more while their long poll is in flight.
    extra_reads: VecDeque<Id>,
}

/// How many queries have a long poll of their own.
#[derive(Debug, Default)]
struct Mode {
    /// The numbers have changed since the mode was chosen.
    is_outdated: bool,
    /// The limit of long polls at that time.
    limit: usize,
    /// The number of queries whose changes no tick announces.
    unannounced: usize,
    /// `true` while there are more queries than long polls.
    is_crowded: bool,
    /// `true` after it was logged that the limit of open files is low.
    is_logged: bool,
}

impl Mode {
    /// Returns `true` if there are more long polls of ticks and queries than fit, so that this one has to end soon.
    fn takes_turns(&self, is_tick: bool, ticks: usize) -> bool {
        // Ticks keep their connections, unless they leave none for queries.
        let queries = if is_tick {
            self.unannounced.min(1)
        } else {
            self.unannounced
        };
        ticks + queries > self.limit
    }
}

impl Schedule {
    /// Creates a schedule without queries. `seed` determines the jitter.
    pub(super) fn new(
        rules: Rules,
        (count, preferred): (usize, usize),
        seed: u64,
        now: Instant,
    ) -> Self {
        Self {
            rules,
            servers: Servers::new(count, preferred),
            entries: Entries::default(),
            areas: Areas::default(),
            surveys: Surveys::default(),
            connections: Connections::new(rules.connections),
            reservations: Reservations::new(rules.wait),
            pace: Pace::new(now),
            failures: Failures::default(),
            datacenters: Datacenters::default(),
            requests: Requests::default(),
            unusable_prefixes: BTreeMap::new(),
            mode: Mode::default(),
            after_tick: false,
            is_busy: false,
            yields_until: None,
            ramp: now,
            chosen_at: now,
            random: fastrand::Rng::with_seed(seed),
            events: Vec::new(),
            cancelled: Vec::new(),
            extra_reads: VecDeque::new(),
        }
    }

    /// Sets the number of requests that share a connection.
    pub(super) fn share_connections(&mut self, sharing: usize) {
        if self.connections.share(sharing) {
            self.mode.is_outdated = true;
        }
    }

    /// Sets whether the receiver of the events is busy. While it is busy, queries with an answer are
    /// not requested again.
    pub(super) fn set_busy(&mut self, is_busy: bool) {
        self.is_busy = is_busy;
    }

    /// Requests denied queries now, because the rights of the token have changed.
    fn retry_denied(&mut self, now: Instant) {
        self.unusable_prefixes.retain(|_, until| until.is_none());
        self.share_prefixes(now);
        self.areas.forget_refusals();
        self.mode.is_outdated = true;
        for id in self.failures.rights_changed() {
            let Some(entry) = self.entries.get_mut(id) else {
                continue;
            };
            entry.failure.start_over();
            if matches!(entry.state, State::Time(_)) {
                self.entries.wait_for(id, State::Lane(Lane::Again));
            }
        }
    }

    /// Requests the present answer of the leader, which is reported even if it has not changed.
    pub(super) fn read_again(&mut self, query: &Query) {
        let Some(id) = self.entries.find(query) else {
            return;
        };
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        entry.read_again = true;
        let is_failing = entry.failure.is_reported;
        match entry.state {
            State::Time(_) if is_failing => {}
            // Its long poll goes on: Consul keeps the connection of a cancelled one.
            State::Answer(_) => self.extra_reads.push_back(id),
            _ => self.entries.queue_first(id, Lane::Again),
        }
    }

    /// Starts all requests over, because the connections may be dead: the machine was suspended.
    pub(super) fn start_over(&mut self) {
        self.cancel_all();
        let ids: Vec<_> = self.entries.iter().map(|(id, _)| id).collect();
        for id in ids {
            self.entries.start_over(id);
        }
    }

    /// Returns `true` if there are events to take. The choice of a request may cause one, too.
    pub(super) fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Removes the events since the last call.
    pub(super) fn take_events(&mut self) -> Vec<WatchEvent> {
        std::mem::take(&mut self.events)
    }

    /// Removes the numbers of the requests to cancel.
    pub(super) fn take_cancelled(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.cancelled)
    }

    /// Cancels a request. Returns `None` if it is not in flight.
    fn cancel(&mut self, request_id: u64) -> Option<InFlight> {
        let until = self.requests.kept_until(request_id);
        if let Some(until) = until {
            self.reservations.cancel(request_id, until);
        }
        let request = self.end_request(request_id)?;
        if let Some(until) = until {
            self.connections.abandon(request.poll.server, until);
            self.mode.is_outdated = true;
        }
        self.cancelled.push(request_id);
        Some(request)
    }

    /// Removes a request that is in flight no more.
    fn end_request(&mut self, request_id: u64) -> Option<InFlight> {
        let request = self.requests.remove(request_id)?;
        self.connections.end(request.poll.server, request.room);
        self.reservations.end(request_id);
        self.datacenters.end(&request);
        Some(request)
    }

    /// A pause between a half and one and a half times as long.
    fn spread(&mut self, pause: Duration) -> Duration {
        pause.mul_f64(0.5 + self.random.f64())
    }

    /// The time at which the next request may become due without an event. It is that of the last choice of a request: what
    /// was not due then, and is due now, is due in the past.
    pub(super) fn next_wake(&mut self) -> Option<Instant> {
        let now = self.chosen_at;
        let pause = self.pace.pause(now);
        let short = self.short_at(now);
        let has_poll = self.entries.first_long(self.after_tick).is_some();
        let yields = self.yields_until.filter(|until| has_poll && *until > now);
        let polling = self.pace.poll_at(now).filter(|_| has_poll);
        let times = [
            self.entries.next_wake(),
            self.connections.next_wake(),
            self.next_record_at(now),
            self.next_probe().map(|(due, _)| due),
            self.next_silence(),
            self.paced_reading_at(now),
            self.survey_at(now),
            short,
            yields,
            polling,
            pause,
        ];
        times.into_iter().flatten().min()
    }
}
