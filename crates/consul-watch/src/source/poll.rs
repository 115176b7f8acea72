//! The interface of a source.

use std::future::Future;
use std::sync::Weak;
use std::time::Duration;

use super::error::Error;
use super::node_snapshot::NodeSnapshot;
use super::tick::{Area, Tick, TickReply};
use crate::answer::Answer;
use crate::query::{Query, Scope};

/// The number of short requests in flight beyond which Consul does not answer more per second.
pub const MAX_SHORT_REQUESTS: usize = 8;

/// One request for a query. Sources without blocking queries ignore its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// The index of the server to poll.
    pub server: usize,
    /// The index above which the server answers; 0: at once.
    pub index: u64,
    /// The maximum time that the server blocks.
    pub wait: Duration,
    /// `true` if any server may answer from its own state, even without a leader.
    pub stale: bool,
}

impl Poll {
    /// Creates a request that does not block.
    #[must_use]
    pub fn once(server: usize) -> Self {
        Self {
            server,
            index: 0,
            wait: Duration::ZERO,
            stale: false,
        }
    }
}

/// An answer with its metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The answer.
    pub answer: Answer,
    /// The index of the data; `None` if the server sent no valid one.
    pub index: Option<u64>,
    /// The maximum age of the data: the time since the server's last contact with its leader.
    pub last_contact: Duration,
    /// `true` if the server left out what the token may not read, and said so.
    pub is_filtered: bool,
    /// The size of the answer in bytes; 0 if it did not come over a connection.
    pub bytes: usize,
}

/// The circumstances of an answer. They tell how far the absence of an item can be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// `true` if the leader has answered; `false` if any server may have answered from its own state.
    pub is_fresh: bool,
    /// `true` if the server left out what the token may not read, and said so.
    pub is_filtered: bool,
}

impl Circumstances {
    /// The circumstances of a source that always knows the current data, such as a file.
    pub const CURRENT: Self = Self {
        is_fresh: true,
        is_filtered: false,
    };
}

impl Reply {
    /// Creates a reply of a source without indexes.
    #[must_use]
    pub fn current(answer: Answer) -> Self {
        Self {
            answer,
            index: None,
            last_contact: Duration::ZERO,
            is_filtered: false,
            bytes: 0,
        }
    }
}

/// The way in which a new answer is detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// A poll blocks until the answer changes.
    Blocking,
    /// The source is polled at this interval.
    Interval(Duration),
    /// The operating system reports a change.
    Notification,
    /// The source is polled when another query of its requester has a new answer.
    OnDemand,
}

/// The kind of query that a source answers.
pub trait SourceQuery: Send + Sync + Sized {
    /// Returns the query if it is of this kind; `None` if it is for another source.
    fn select(query: &Query) -> Option<&Self>;

    /// The way in which a new answer is detected.
    fn refresh(&self) -> Refresh;

    /// The area whose ticks announce a change of the answer; `None` if no tick does.
    fn area(&self) -> Option<Area> {
        None
    }

    /// Returns `true` if the whole answer may be secret; then nothing derived from it may be stored
    /// or shown.
    fn is_secret(&self) -> bool;
}

/// A source of data: Consul, files or plugins. Tests use scripted answers.
pub trait Source: Clone + Send + Sync + 'static {
    /// The queries that this source answers.
    type Query: SourceQuery;

    /// The number of servers; at least one.
    fn servers(&self) -> usize {
        1
    }

    /// The address of a server, without passwords.
    fn address(&self, _server: usize) -> String {
        String::new()
    }

    /// The index of the server for a new query: the one that answered last.
    fn preferred(&self) -> usize {
        0
    }

    /// The number of requests that share one connection to this server.
    fn sharing(&self, _server: usize) -> usize {
        1
    }

    /// Requests the present index of a query, without its data. Returns `None` if the server sent no valid one.
    fn peek(
        &self,
        query: &Self::Query,
        poll: Poll,
    ) -> impl Future<Output = Result<Option<u64>, Error>> + Send {
        async move { Ok(self.poll(query, poll).await?.index) }
    }

    /// Checks whether a server responds, with a request that is cheap for it.
    ///
    /// # Errors
    /// [`Error`] if the server gives no answer, or none but an error of the whole server. The class is that of a poll.
    fn probe(&self, server: usize) -> impl Future<Output = Result<(), Error>> + Send {
        let _ = server;
        std::future::ready(Ok(()))
    }

    /// Polls a tick.
    fn tick(
        &self,
        _tick: &Tick,
        _poll: Poll,
    ) -> impl Future<Output = Result<TickReply, Error>> + Send {
        async { Ok(TickReply::default()) }
    }

    /// Reads what is registered at a node.
    fn node(
        &self,
        _name: &str,
        _scope: &Scope,
        _poll: Poll,
    ) -> impl Future<Output = Result<NodeSnapshot, Error>> + Send {
        async { Ok(NodeSnapshot::default()) }
    }

    /// Sends one request to one server.
    fn poll(
        &self,
        query: &Self::Query,
        poll: Poll,
    ) -> impl Future<Output = Result<Reply, Error>> + Send;

    /// Polls a query again. The answer may share what is unchanged with the previous one.
    fn poll_again(
        &self,
        query: &Self::Query,
        poll: Poll,
        _previous: &Weak<Answer>,
    ) -> impl Future<Output = Result<Reply, Error>> + Send {
        self.poll(query, poll)
    }
}
