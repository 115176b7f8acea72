//! The interface of a source.

use std::future::Future;
use std::time::Duration;

use super::error::Error;
use crate::answer::Answer;
use crate::query::Query;

/// One request for a query. A source that does not block uses none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// The index of the server that is asked.
    pub server: usize,
    /// The server answers once the index of the data is higher than this; 0: at once.
    pub index: u64,
    /// How long the server may block.
    pub wait: Duration,
    /// Whether any server may answer from its own copy, even one that has lost its leader.
    pub stale: bool,
}

impl Poll {
    /// Creates a request that is answered at once.
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

/// An answer, and what the server says about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The answer.
    pub answer: Answer,
    /// The index of the data; `None` if the server gives none that can be used.
    pub index: Option<u64>,
    /// How old the data may be: the time since the server heard from its leader.
    pub last_contact: Duration,
}

impl Reply {
    /// Creates the reply of a source without indexes.
    #[must_use]
    pub fn current(answer: Answer) -> Self {
        Self {
            answer,
            index: None,
            last_contact: Duration::ZERO,
        }
    }
}

/// How a new answer to a query is noticed, which is also how long the last answer may be reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// A poll blocks until there is one.
    Blocking,
    /// By polling at this interval.
    Interval(Duration),
    /// By a notification of the operating system.
    Notification,
    /// Not at all: the source is polled when something else that the template depends on has changed.
    OnDemand,
}

/// A kind of query, which one source answers.
pub trait SourceQuery: Send + Sync + Sized {
    /// The part of a query that is of this kind; `None`: it is for another source.
    fn select(query: &Query) -> Option<&Self>;

    /// How a new answer is noticed.
    fn refresh(&self) -> Refresh;

    /// Returns `true` if the answer may be secret as a whole, so that nothing derived from it may be stored or shown.
    fn is_secret(&self) -> bool;
}

/// A source of data: Consul, files, plugins; or a script of answers in a test.
pub trait Source: Clone + Send + Sync + 'static {
    /// The queries that this source answers.
    type Query: SourceQuery;

    /// The number of servers to choose from; at least one.
    fn servers(&self) -> usize {
        1
    }

    /// The server that a new query goes to: the one that answered last.
    fn preferred(&self) -> usize {
        0
    }

    /// Polls one server once.
    fn poll(
        &self,
        query: &Self::Query,
        poll: Poll,
    ) -> impl Future<Output = Result<Reply, Error>> + Send;
}
