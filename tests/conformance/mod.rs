//! The cases, and how they are run.

pub mod answers;
pub mod moves;
pub mod shape;
pub mod wakes;

use std::net::SocketAddr;

use crate::support::http::{self, Answer};

/// A request: method, target, body.
pub type Request = (&'static str, &'static str, &'static str);

/// Makes a request.
pub fn make(address: SocketAddr, (method, target, body): Request) -> Answer {
    http::request(address, method, target, body).unwrap_or_else(|error| panic!("{method} {target}: {error}"))
}

/// Makes requests that have to succeed.
pub fn set_up(case: &str, address: SocketAddr, requests: &[Request]) {
    for request in requests {
        let answer = make(address, *request);
        assert_eq!(answer.status, 200, "{case}: {request:?}: {answer:?}");
    }
}
