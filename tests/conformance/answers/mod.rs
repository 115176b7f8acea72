//! Requests with the expected answers.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::shape::shape;
use super::{Request, make, set_up};

mod checks;
mod keys;
mod mesh;
mod nodes;
mod refusals;
mod services;

/// A request with the expected answer.
struct Case {
    name: &'static str,
    setup: &'static [Request],
    request: Request,
    expect: Vec<Expect>,
}

/// An expectation of an answer.
enum Expect {
    /// The status.
    Status(u16),
    /// A header with this value.
    Header(&'static str, &'static str),
    /// The answer has a positive index and a leader, and is not stale.
    Standing,
    /// The answer has none of the headers of a query.
    NoStanding,
    /// The body is this text.
    Text(&'static str),
    /// The body starts with this text.
    TextStart(&'static str),
    /// The body is this JSON, in which varying indexes and IDs are `#`.
    Json(Value),
}
use Expect::{Header, Json, NoStanding, Standing, Status, Text, TextStart};

fn case(
    name: &'static str,
    setup: &'static [Request],
    request: Request,
    expect: Vec<Expect>,
) -> Case {
    Case {
        name,
        setup,
        request,
        expect,
    }
}

/// Creates a case whose answer is an error in plain text.
fn refusal(name: &'static str, request: Request, status: u16, text: &'static str) -> Case {
    let expect = vec![
        Status(status),
        Text(text),
        Header("Content-Type", "text/plain; charset=utf-8"),
    ];
    case(name, &[], request, expect)
}

const REGISTER: &str = "/v1/agent/service/register";

fn all() -> Vec<Case> {
    [
        keys::cases(),
        refusals::cases(),
        refusals::paths(),
        refusals::registrations(),
        services::cases(),
        mesh::cases(),
        checks::cases(),
        checks::refusals(),
        nodes::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn own_node() -> Value {
    json!({
        "ID": "#", "Node": "s1", "Address": "127.0.0.1", "Datacenter": "dc1",
        "TaggedAddresses": {"lan": "127.0.0.1", "lan_ipv4": "127.0.0.1", "wan": "127.0.0.1", "wan_ipv4": "127.0.0.1"},
        "Meta": {"consul-network-segment": ""}, "CreateIndex": "#", "ModifyIndex": "#",
    })
}

/// Returns a check of the server's own node; `of` is the ID, name and tags of its service.
fn check(
    id: &str,
    name: &str,
    status: &str,
    kind: &str,
    output: &str,
    of: (&str, &str, &[&str]),
) -> Value {
    json!({
        "Node": "s1", "CheckID": id, "Name": name, "Status": status, "Notes": "", "Output": output,
        "ServiceID": of.0, "ServiceName": of.1, "ServiceTags": of.2, "Type": kind, "Definition": {},
        "CreateIndex": "#", "ModifyIndex": "#",
    })
}

fn serf_health() -> Value {
    check(
        "serfHealth",
        "Serf Health Status",
        "passing",
        "",
        "Agent alive and reachable",
        ("", "", &[]),
    )
}

/// Sends every request, and compares the answer with the expectations.
pub(crate) fn run(server: &str, address: SocketAddr) {
    let cases = all();
    assert!(!cases.is_empty());
    for Case {
        name,
        setup,
        request,
        expect,
    } in cases
    {
        let case = format!("{server}: {name}");
        set_up(&case, address, setup);
        let answer = make(address, request);
        assert!(!expect.is_empty(), "{case} expects nothing");
        for wanted in expect {
            let is = format!("{case}: {answer:?}");
            match wanted {
                Status(status) => assert_eq!(answer.status, status, "{is}"),
                Header(header, value) => assert_eq!(answer.header(header), Some(value), "{is}"),
                Standing => {
                    assert!(answer.index() > 0, "{is}");
                    assert_eq!(answer.header("X-Consul-Knownleader"), Some("true"), "{is}");
                    assert_eq!(answer.header("X-Consul-Lastcontact"), Some("0"), "{is}");
                }
                NoStanding => assert_eq!(answer.header("X-Consul-Index"), None, "{is}"),
                Text(text) => assert_eq!(answer.body, text, "{is}"),
                TextStart(text) => assert!(answer.body.starts_with(text), "{is}"),
                Json(body) => assert_eq!(shape(&answer), body, "{is}"),
            }
        }
    }
}
