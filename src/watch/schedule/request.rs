//! The requests that a schedule decides to send, and their outcomes.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::connections::Kind;
use super::id::Id;
use crate::answer::Answer;
use crate::query::Query;
use crate::source::{Error, ErrorClass, Poll, Reply, Tick, TickReply};

/// A request to send now.
#[derive(Clone, Debug)]
pub(in crate::watch) struct Request {
    /// The number of the request.
    pub(in crate::watch) request_id: u64,
    pub(in crate::watch) target: Target,
    pub(in crate::watch) poll: Poll,
    /// The previous answer to the query, whose unchanged parts the next one may share.
    pub(in crate::watch) known: Weak<Answer>,
}

/// What is requested.
#[derive(Clone, Debug)]
pub(in crate::watch) enum Target {
    /// The answer to a query.
    Query(Arc<Query>),
    /// Only the index of a query.
    Index(Arc<Query>),
    /// A tick.
    Tick(Tick),
    /// Whether the server answers at all.
    Server,
}

/// The outcome of a request.
#[derive(Debug)]
pub(in crate::watch) enum Outcome {
    /// The answer to a query.
    Query(Result<Reply, Error>),
    /// The index of a query.
    Index(Result<Option<u64>, Error>),
    /// The answer to a tick.
    Tick(Result<TickReply, Error>),
    /// Whether the server answers at all.
    Server(Result<(), Error>),
}

/// A request in flight.
#[derive(Debug)]
pub(super) struct InFlight {
    /// The number of the request.
    pub(super) request_id: u64,
    /// The entry; `None` for a probe.
    pub(super) id: Option<Id>,
    pub(super) kind: Kind,
    pub(super) purpose: Purpose,
    pub(super) poll: Poll,
    pub(super) sent: Instant,
    /// The number of recoveries before it was sent.
    pub(super) recoveries: u64,
    /// The number of changes of rights before it was sent.
    pub(super) rights: u64,
}

/// The requests in flight, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Requests {
    all: BTreeMap<u64, InFlight>,
    last: u64,
    /// The number of requests of entries without an answer.
    first: usize,
    /// The number of long polls of queries that have changed recently.
    hot: usize,
}

impl Requests {
    /// Adds a request. Returns its number.
    pub(super) fn add(&mut self, mut request: InFlight) -> u64 {
        self.count(request.purpose, |count| count + 1);
        self.last += 1;
        request.request_id = self.last;
        self.all.insert(self.last, request);
        self.last
    }

    /// Removes a request.
    pub(super) fn remove(&mut self, request_id: u64) -> Option<InFlight> {
        let request = self.all.remove(&request_id)?;
        self.count(request.purpose, |count| count.saturating_sub(1));
        Some(request)
    }

    /// The numbers of the requests to this server, or to all servers.
    pub(super) fn request_ids(&self, server: Option<usize>) -> Vec<u64> {
        let all = self.all.iter();
        let all = all.filter(|(_, request)| server.is_none_or(|at| request.poll.server == at));
        all.map(|(request_id, _)| *request_id).collect()
    }

    /// Returns `true` if a request to this server is in flight.
    pub(super) fn are_sent_to(&self, server: usize) -> bool {
        let mut all = self.all.values();
        all.any(|request| request.poll.server == server)
    }

    /// Returns `true` if an entry waits for its first answer.
    pub(super) fn has_first(&self) -> bool {
        self.first > 0
    }

    /// The number of long polls of queries that have changed recently.
    pub(super) fn hot(&self) -> usize {
        self.hot
    }

    fn count(&mut self, purpose: Purpose, change: impl Fn(usize) -> usize) {
        match purpose {
            Purpose::First => self.first = change(self.first),
            Purpose::Hot => self.hot = change(self.hot),
            Purpose::Follow | Purpose::FullRead | Purpose::ReadAgain => {}
        }
    }
}

/// The reason for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The entry has no answer yet.
    First,
    /// The entry is followed.
    Follow,
    /// A long poll for a query whose changes ticks announce too, because it has changed recently.
    Hot,
    /// The whole answer is read although nothing has announced a change.
    FullRead,
    /// The receiver wants to know the present answer of the leader.
    ReadAgain,
}

impl Outcome {
    /// Returns `true` if Consul has answered, even with a refusal of this request.
    pub(super) fn is_from_consul(&self) -> bool {
        let error = match self {
            Self::Query(reply) => reply.as_ref().err(),
            Self::Index(reply) => reply.as_ref().err(),
            Self::Tick(reply) => reply.as_ref().err(),
            Self::Server(reply) => reply.as_ref().err(),
        };
        error.is_none_or(|error| !error.concerns_the_server() && error.class() != ErrorClass::Idle)
    }
}
