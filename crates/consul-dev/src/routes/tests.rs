use serde_json::{Map, Value, json};

use super::*;
use crate::cluster_state::{ClusterState, Identity};
use crate::query::Query;
use crate::request::Request;
use crate::timers::{self, Timers};

/// Requests with an effect, so that the random ones meet a state.
const STATE: [(&str, &str); 6] = [
    (
        "/v1/agent/service/register",
        r#"{"Name":"web","Check":{"TTL":"1s"},"Connect":{"SidecarService":{}}}"#,
    ),
    (
        "/v1/agent/check/register",
        r#"{"Name":"web","TTL":"1h","Status":"passing"}"#,
    ),
    ("/v1/catalog/deregister", r#"{"Node":"n1"}"#),
    (
        "/v1/catalog/deregister",
        r#"{"Node":"n1","ServiceID":"web"}"#,
    ),
    ("/v1/agent/check/pass/service:web", ""),
    ("/v1/agent/check/fail/service:web", ""),
];

const NAMES: &[&str] = &[
    "ID",
    "Name",
    "Node",
    "Address",
    "Port",
    "Tags",
    "Meta",
    "Check",
    "Checks",
    "TTL",
    "HTTP",
    "TCP",
    "Interval",
    "Timeout",
    "Header",
    "Status",
    "ServiceID",
    "CheckID",
    "AliasService",
    "AliasNode",
    "Kind",
    "Proxy",
    "Connect",
    "SidecarService",
    "Upstreams",
    "DestinationServiceName",
    "LocalBindPort",
    "Weights",
    "Passing",
    "LockDelay",
    "Behavior",
    "NodeChecks",
    "ServiceChecks",
    "KV",
    "Verb",
    "Key",
    "Value",
    "Flags",
    "Index",
    "Session",
    "DeregisterCriticalServiceAfter",
    "FailuresBeforeCritical",
    "OutputMaxSize",
    "TaggedAddresses",
    "Service",
    "Datacenter",
    "ModifyIndex",
    "Output",
    "DestinationName",
    "x",
];
const TEXTS: &[&str] = &[
    "",
    "web",
    "é\n\"",
    "1s",
    "-1s",
    "99999999999999999999h",
    "5",
    "5x",
    "127.0.0.1:1",
    "http://127.0.0.1:1/",
    "http://[::1]",
    "[::1",
    "passing",
    "critical",
    "connect-proxy",
    "delete",
    "set",
    "lock",
    "get-tree",
    "AA==",
    "A",
    "00000000-0000-0000-0000-000000000000",
    "n1",
    "dc1",
];
const QUERIES: &[&str] = &[
    "",
    "dc=dc1",
    "dc=x",
    "cas=0",
    "cas=x",
    "acquire=x",
    "release=&flags=99999999999999999999",
    "recurse",
    "keys&separator=",
    "wait=99999999999999h&index=1",
    "filter=%22",
    "filter=ID==%22a%22",
    "pem=true",
    "format=text",
    "ns=a&ns=b",
    "enable=true",
    "raw",
];

fn one_of<T: Copy>(random: &mut fastrand::Rng, list: &[T]) -> T {
    list[random.usize(..list.len())]
}

/// Returns a random value with names and texts that the handlers know.
fn value(random: &mut fastrand::Rng, depth: usize) -> Value {
    let kinds = if depth == 0 { 4 } else { 7 };
    match random.usize(..kinds) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => one_of(
            random,
            &[
                json!(0),
                json!(-1),
                json!(i64::MAX),
                json!(u64::MAX),
                json!(1e300),
            ]
            .each_ref(),
        )
        .clone(),
        3 => json!(one_of(random, TEXTS)),
        4 => (0..random.usize(..3))
            .map(|_| value(random, depth - 1))
            .collect(),
        _ => {
            let fields = (0..random.usize(1..8)).map(|_| {
                let name = one_of(random, NAMES).to_owned();
                (name, value(random, depth - 1))
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}

#[test]
fn no_request_makes_a_handler_panic() {
    let store = Store::new(ClusterState::new(Identity::of_tests()));
    let mut random = fastrand::Rng::with_seed(1);
    let mut timers = Timers::default();
    let (mut done, mut refused) = (0, 0);
    for _ in 0..10_000 {
        let (path, body) = one_of(&mut random, &STATE);
        let path = path.parse().expect("a URI");
        drop(serve(
            &store,
            &Request::new(Method::PUT, &path, body.into()),
        ));
        let route = one_of(&mut random, &ROUTES.iter().collect::<Vec<_>>());
        let end = if route.path.ends_with('/') {
            one_of(
                &mut random,
                &["", "web", "a%20%22", "00000000-0000-0000-0000-000000000000"],
            )
        } else {
            ""
        };
        let uri = format!("{}{end}?{}", route.path, one_of(&mut random, QUERIES));
        let uri = uri.parse().expect("a URI");
        let body = value(&mut random, 4).to_string();
        let method = one_of(&mut random, &route.methods.iter().collect::<Vec<_>>()).clone();
        let request = Request::new(method, &uri, body.into());
        match serve(&store, &request) {
            Ok(outcome) => {
                done += 1;
                if let crate::outcome::Outcome::Query(query) = outcome {
                    read(&store, &query);
                }
            }
            Err(_) => refused += 1,
        }
        timers.set(store.read(timers::needed), tokio::time::Instant::now());
    }
    assert!(
        done > 1000 && refused > 1000,
        "{done} done, {refused} refused"
    );
}

fn read(store: &Store, query: &Query) {
    store.read(|cluster| {
        for dc in cluster.datacenters.values() {
            drop((query.answer(dc), query.watch(dc)));
        }
    });
}
