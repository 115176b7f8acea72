//! One followed query, prefix or tick, and what it waits for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::failures::Failure;
use super::id::Id;
use crate::query::{ConsulQuery, KeyQuery, Query};
use crate::source::{Area, Tick};
use crate::watch::cursor::Cursor;

/// What the schedule has to know about a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::watch) struct Traits {
    /// `true` if the endpoint supports blocking queries.
    pub(in crate::watch) blocks: bool,
    /// The interval between two requests to an endpoint that does not.
    pub(in crate::watch) interval: Option<Duration>,
    /// The area whose ticks announce a change.
    pub(in crate::watch) area: Option<Arc<Area>>,
}

/// A followed query, prefix or tick.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) subject: Subject,
    pub(super) traits: Traits,
    pub(super) cursor: Cursor,
    pub(super) state: State,
    pub(super) failure: Failure,
    /// The pause after polls that did not block.
    pub(super) idle_backoff: Duration,
    /// `true` if a template requests it; `false` for a prefix that answers only for its keys, and for a tick.
    pub(super) is_requested: bool,
    /// The prefix whose answer contains this key.
    pub(super) prefix: Option<Id>,
    /// The keys that the answer about this prefix contains, sorted.
    pub(super) keys: Vec<Id>,
    /// The area, if ticks announce the changes of this query at present.
    pub(super) area: Option<Arc<Area>>,
    /// The generation of the area when the last request was sent.
    pub(super) generation: u64,
    /// The time of the last change.
    pub(super) changed: Option<Instant>,
    /// The time of the last answer.
    pub(super) answered: Option<Instant>,
    /// `true` if the next request has to be answered by the leader, and reported even if nothing has changed.
    pub(super) read_again: bool,
    /// The time at which the whole answer is read again, even if nothing has announced a change.
    pub(super) full_read: Instant,
}

/// What is requested.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    Query(Arc<Query>),
    Tick(Box<Tick>, Box<TickState>),
}

/// The state of a tick.
#[derive(Clone, Debug, Default)]
pub(super) struct TickState {
    /// The index above which the next poll is answered; 0: at once.
    pub(super) index: u64,
    /// The last index; 0 if the server may have lost its state since.
    pub(super) seen: u64,
    /// The services with a critical check in the last answer.
    pub(super) critical: BTreeSet<String>,
    /// The nodes with a critical check of their own.
    pub(super) critical_nodes: BTreeSet<String>,
}

/// What an entry waits for.
///
/// ```text
///  new --> Lane(First) --.
///          Lane(Again) --+-- sent --> Answer -- after a pause or a backoff --> Time
///          Lane(Tick)  --|              ^                                       |
///          Lane(Long)  --'              |                                    requeue
///             ^   ^                     |                                       |
///             |   |        announced: sent                                      |
///             |   |                     |                                       |
///             |   '-- full read due -- Tick <---- ticks announce its changes ---+
///             |                                                                 |
///             |-- without this key -- Prefix <--- its prefix answers for it ----+
///             |                                                                 |
///             '-------------------------------------------- otherwise ----------'
/// ```
///
/// Without a pause, an answer leads to `requeue` at once. A failure leads back to a lane at once if another server has to
/// be tried, or if a poll has exceeded its limit. The answer about a prefix leads from any state but `Answer` to `Prefix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The time of its next request.
    Time(Instant),
    /// Room for its request in this lane.
    Lane(Lane),
    /// The answer to this request.
    Answer(u64),
    /// A tick of its area, or the time of its full read.
    Tick(Instant),
    /// The answer about its prefix.
    Prefix,
}

/// The kinds of requests that wait for room, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// Requests without an earlier answer.
    First,
    /// Short requests of queries with an answer.
    Again,
    /// Long polls for ticks, on which many queries rely.
    Tick,
    /// Long polls for queries.
    Long,
}

impl Entry {
    /// Creates an entry that has not been queued yet.
    pub(super) fn new(
        subject: Subject,
        traits: Traits,
        cursor: Cursor,
        full_read: Instant,
    ) -> Self {
        Self {
            subject,
            traits,
            cursor,
            state: State::Prefix,
            failure: Failure::default(),
            idle_backoff: Duration::ZERO,
            is_requested: false,
            prefix: None,
            keys: Vec::new(),
            area: None,
            generation: 0,
            changed: None,
            answered: None,
            read_again: false,
            full_read,
        }
    }

    /// The query; `None` for a tick.
    pub(super) fn query(&self) -> Option<&Arc<Query>> {
        match &self.subject {
            Subject::Query(query) => Some(query),
            Subject::Tick(..) => None,
        }
    }

    /// The key, which the answer about a prefix may contain; `None` if something else is requested.
    pub(super) fn key(&self) -> Option<&KeyQuery> {
        match &**self.query()? {
            Query::Consul(ConsulQuery::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// The datacenter that the request names; empty for that of Consul itself.
    pub(super) fn datacenter(&self) -> &str {
        match &self.subject {
            Subject::Query(query) => query.datacenter(),
            Subject::Tick(tick, _) => &tick.scope().datacenter,
        }
    }

    /// Returns `true` for a tick.
    pub(super) fn is_tick(&self) -> bool {
        matches!(self.subject, Subject::Tick(..))
    }

    /// Returns `true` before the first answer.
    pub(super) fn is_unanswered(&self) -> bool {
        match &self.subject {
            Subject::Query(_) => self.cursor.is_at_the_beginning(),
            Subject::Tick(_, tick) => tick.index == 0,
        }
    }

    /// Returns `true` if the next request may block until something changes.
    pub(super) fn may_block(&self, now: Instant) -> bool {
        let index = match &self.subject {
            Subject::Query(_) => self.cursor.poll().index,
            Subject::Tick(_, tick) => tick.index,
        };
        self.traits.blocks && index > 0 && !self.read_again && now < self.full_read
    }

    /// Returns `true` if the entry takes a long poll of its own unless a tick announces its changes.
    pub(super) fn is_polled(&self) -> bool {
        self.traits.blocks && self.prefix.is_none()
    }

    /// The lane of a short request.
    pub(super) fn short_lane(&self) -> Lane {
        if self.is_unanswered() {
            Lane::First
        } else {
            Lane::Again
        }
    }

    /// The request in flight.
    pub(super) fn request_id(&self) -> Option<u64> {
        match self.state {
            State::Answer(request_id) => Some(request_id),
            _ => None,
        }
    }
}
