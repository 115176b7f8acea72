//! The conformance cases, and helpers to run them.

pub(crate) mod answers;
pub(crate) mod moves;
pub(crate) mod shape;
pub(crate) mod wakes;

use std::net::SocketAddr;

use crate::support::http::{self, Answer};

/// A request: method, target, body.
pub(crate) type Request = (&'static str, &'static str, &'static str);

/// Sends a request.
pub(crate) fn make(address: SocketAddr, (method, target, body): Request) -> Answer {
    http::request(address, method, target, body)
        .unwrap_or_else(|error| panic!("{method} {target}: {error}"))
}

/// Sends requests that must succeed.
pub(crate) fn set_up(case: &str, address: SocketAddr, requests: &[Request]) {
    for request in requests {
        let answer = make(address, *request);
        assert_eq!(answer.status, 200, "{case}: {request:?}: {answer:?}");
    }
}
