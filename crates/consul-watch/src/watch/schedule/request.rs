//! The requests that a schedule decides to send, and their outcomes.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::connections::Kind;
use super::id::Id;
use crate::answer::Answer;
use crate::query::{Query, Scope};
use crate::source::{Error, ErrorClass, NodeSnapshot, Poll, Reply, Tick, TickReply};

/// A request to send now.
#[derive(Clone, Debug)]
pub(in crate::watch) struct Request {
    /// The number of the request.
    pub(in crate::watch) id: u64,
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
    /// What is registered at a node.
    Node(Scope, String),
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
    /// What is registered at a node.
    Node(Scope, String, Result<NodeSnapshot, Error>),
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
    /// The kind of request whose room it takes: a short request that takes long takes that of a long poll.
    pub(super) room: Kind,
    pub(super) purpose: Purpose,
    pub(super) poll: Poll,
    /// The datacenter that it names; empty for that of Consul itself.
    pub(super) datacenter: String,
    pub(super) sent: Instant,
    /// The number of recoveries before it was sent.
    pub(super) recoveries: u64,
    /// The number of changes of rights before it was sent.
    pub(super) rights: u64,
    /// The number of times that the token was replaced before it was sent.
    pub(super) tokens: u64,
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

    /// The time until which the server keeps the connection of a long poll if it is cancelled; `None` for a short request.
    pub(super) fn kept_until(&self, request_id: u64) -> Option<Instant> {
        let request = self.all.get(&request_id)?;
        let wait = request.poll.wait;
        (request.kind == Kind::Long).then(|| request.sent + wait + wait / 16)
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

    /// Lets the short requests to a datacenter take the room of long polls, which do not wait for them. Returns their
    /// servers.
    pub(super) fn set_aside(&mut self, datacenter: &str) -> Vec<usize> {
        let mut servers = Vec::new();
        for request in self.all.values_mut() {
            if request.room == Kind::Short && request.datacenter == datacenter {
                request.room = Kind::Long;
                if request.purpose == Purpose::First {
                    request.purpose = Purpose::Follow;
                    self.first = self.first.saturating_sub(1);
                }
                servers.push(request.poll.server);
            }
        }
        servers
    }

    /// The entries with a request to this datacenter.
    pub(super) fn entries_of_datacenter(&self, datacenter: &str) -> Vec<Id> {
        let all = self.all.values();
        let own = all.filter(|request| request.datacenter == datacenter);
        own.filter_map(|request| request.id).collect()
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
    fn error(&self) -> Option<&Error> {
        match self {
            Self::Query(reply) => reply.as_ref().err(),
            Self::Index(reply) => reply.as_ref().err(),
            Self::Tick(reply) => reply.as_ref().err(),
            Self::Node(_, _, snapshot) => snapshot.as_ref().err(),
            Self::Server(reply) => reply.as_ref().err(),
        }
    }

    /// Returns `true` if the datacenter that the request names has answered, even with a refusal of this request.
    pub(super) fn is_from_datacenter(&self) -> bool {
        let error = self.error();
        self.is_from_consul() && error.is_none_or(|error| error.class() != ErrorClass::Datacenter)
    }

    /// Returns `true` if Consul has answered, even with a refusal of this request.
    pub(super) fn is_from_consul(&self) -> bool {
        let error = self.error();
        error.is_none_or(|error| !error.concerns_the_server() && error.class() != ErrorClass::Idle)
    }
}
