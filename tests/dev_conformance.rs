//! Checks that the embedded server answers like a real Consul agent.
//!
//! Input: one list of cases, the embedded server, and a real agent if `consul` is on `PATH`.
//! Output: both servers meet every expectation.
//!
//! `conformance/answers/` has requests and answers; `conformance/wakes.rs` has blocking queries and
//! the writes that wake them; `conformance/moves.rs` has writes and the queries whose index they
//! change.

use std::net::SocketAddr;

use crate::conformance::{answers, moves, wakes};
use crate::support::consul::Consul;
use consul_dev::{Background, Options};

/// Runs all cases against an empty server.
fn conforms(name: &str, address: SocketAddr) {
    moves::run(name, address);
    answers::run(name, address);
    wakes::run(name, address);
}

#[test]
fn the_embedded_server_conforms() {
    let server = Background::start(Options {
        node: "s1".into(),
        ..Options::default()
    })
    .expect("a server");
    conforms("embedded", server.address());
}

#[test]
fn a_real_consul_conforms() {
    if Consul::is_installed() {
        conforms("consul", Consul::start().address());
    }
}

#[test]
fn a_restarted_consul_has_lost_its_data() {
    if !Consul::is_installed() {
        return;
    }
    let mut consul = Consul::start();
    let address = consul.address();
    crate::support::http::request(address, "PUT", "/v1/kv/a", "1").expect("an answer");
    consul.stop();
    assert!(crate::support::http::get(address, "/v1/kv/a").is_err());
    consul.start_again();
    assert_eq!(consul.address(), address);
    assert_eq!(
        crate::support::http::get(address, "/v1/kv/a")
            .expect("an answer")
            .status,
        404
    );
}
