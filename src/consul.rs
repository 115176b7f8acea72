//! One question in, one typed answer out.
//!
//! in:  a [`Query`] and a [`Poll`]: where to ask, from which index on, how long to block
//! out: a [`Reply`]: the answer and what its headers say of it, or an [`AskError`] that knows whether asking again helps

mod client;
mod error;
mod tls_hint;
mod transport;
mod wire;

pub use client::{Client, ClientError};
pub use error::{AskError, ErrorClass};

use std::future::Future;
use std::time::Duration;

use crate::answer::Answer;
use crate::query::Query;

/// What belongs to one request of a question, as opposed to the question itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// Which of the configured servers is asked.
    pub server: usize,
    /// Block until the index is higher than this; 0: answer at once.
    pub index: u64,
    /// How long the server may block.
    pub wait: Duration,
    /// Any server may answer from what it knows, also one that has lost its leader.
    pub stale: bool,
}

/// An answer, and what its headers say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The answer.
    pub answer: Answer,
    /// `X-Consul-Index`; `None` where it is missing or not a number.
    pub index: Option<u64>,
    /// `X-Consul-LastContact`: how long ago the server that answered heard of its leader.
    pub last_contact: Duration,
}

/// Somebody who can be asked: Consul, or a script of answers in a test.
pub trait Ask: Clone + Send + Sync + 'static {
    /// How many servers there are to choose from; at least one.
    fn servers(&self) -> usize;

    /// The server that a new question is put to: the one that last answered.
    fn preferred(&self) -> usize;

    /// Asks one server once.
    fn ask(
        &self,
        query: &Query,
        poll: Poll,
    ) -> impl Future<Output = Result<Reply, AskError>> + Send;
}
