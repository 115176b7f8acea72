//! The result of a request handler.

use super::query::Query;
use super::reply::Reply;
use super::request::Request;
use super::store::Store;

/// The result of a request handler.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A finished answer.
    Done(Reply),
    /// A query, which may be blocking.
    Query(Query),
    /// A query for one of the agent's instances by ID, which may be blocking.
    AgentInstance(String),
}

impl Outcome {
    /// Creates a finished answer with this JSON, indented if the request has `?pretty`.
    pub(crate) fn json(value: &serde_json::Value, request: &Request) -> Self {
        Self::Done(Reply::json(value, request.has("pretty")))
    }
}

/// The result of a handler; an error is the answer that refuses the request.
pub(crate) type Handled = Result<Outcome, Reply>;

/// Handles a request. The last argument is the rest of the path after the route.
pub(crate) type Handler = fn(&Store, &Request, &str) -> Handled;
