//! What a route makes of a request.

use super::query::Query;
use super::reply::Reply;
use super::request::Request;
use super::store::Store;

/// What a handler makes of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A finished answer.
    Done(Reply),
    /// A query whose answer may have to wait.
    Query(Query),
}

impl Outcome {
    /// Creates a finished answer with this JSON, indented if the request has `?pretty`.
    pub(crate) fn json(value: &serde_json::Value, request: &Request) -> Self {
        Self::Done(Reply::json(value, request.has("pretty")))
    }
}

/// What a handler returns; an error is the answer that refuses the request.
pub(crate) type Handled = Result<Outcome, Reply>;

/// Handles a request. The last argument is the part of the path below the route's own.
pub(crate) type Handler = fn(&Store, &Request, &str) -> Handled;
