//! The paths and their handlers.
//!
//! Input: a [`Request`]. Output: an [`Outcome`](crate::outcome::Outcome): a finished answer, or a
//! query, which may be blocking.

mod agent;
mod agent_health;
#[expect(clippy::unnecessary_wraps, reason = "all handlers have one signature")]
mod catalog;
mod catalog_writes;
mod check_definition;
mod connect;
mod kv;
mod registration;
mod session;
#[expect(clippy::unnecessary_wraps, reason = "all handlers have one signature")]
mod status;
mod table;
mod transaction;

pub use table::{Endpoint, absent_endpoints, endpoints};

use http::Method;

use super::outcome::Handled;
use super::reply::Reply;
use super::request::Request;
use super::store::Store;
use table::{ROUTES, Route, is_absent};

/// Finds the route of a request and handles it.
pub(crate) fn serve(store: &Store, request: &Request) -> Handled {
    let path = request.path.as_str();
    if let Some(clean) = normalized(path) {
        return Err(redirect(request, &clean));
    }
    let Some(route) = find(path) else {
        return Err(not_found(path));
    };
    if route.path.strip_suffix('/') == Some(path) {
        return Err(redirect(request, route.path));
    }
    if request.has("ns") {
        let text = "Bad request: Invalid query parameter: \"ns\" - Namespaces are a Consul Enterprise feature";
        return Err(Reply::text(400, text));
    }
    let allowed = route
        .methods
        .iter()
        .fold("OPTIONS".to_owned(), |list, method| {
            format!("{list},{method}")
        });
    if request.method == Method::OPTIONS {
        return Err(Reply::empty(200).with("Allow", allowed));
    }
    if !route.methods.contains(&request.method) {
        let text = format!("method {} not allowed", request.method);
        return Err(Reply::text(405, text).with("Allow", allowed));
    }
    (route.handler)(store, request, &path[route.path.len()..])
}

/// Returns the route of a path: the path itself, the path with a slash, or the longest one above.
fn find(path: &str) -> Option<&'static Route> {
    let is_exact = |route: &&Route| route.path == path;
    let is_without_slash = |route: &&Route| route.path.strip_suffix('/') == Some(path);
    let is_above = |route: &&Route| route.path.ends_with('/') && path.starts_with(route.path);
    let mut routes = ROUTES.iter();
    routes
        .clone()
        .find(is_exact)
        .or_else(|| routes.find(is_without_slash))
        .or_else(|| {
            let above = ROUTES.iter().filter(is_above);
            above.max_by_key(|route| route.path.len())
        })
        .filter(|_| !is_absent(path))
}

fn not_found(path: &str) -> Reply {
    if path == "/" {
        return Reply::text(200, "Consul Agent");
    }
    let mut reply = if is_absent(path) {
        let text = format!("{path} is an endpoint of Consul, but not part of the embedded server");
        Reply::text(501, text)
    } else if ROUTES.iter().any(|route| is_sibling(route.path, path)) {
        Reply::text(404, format!("{path} is not an endpoint of Consul"))
    } else {
        Reply::empty(404)
    };
    reply.without("Vary");
    reply
}

/// Returns `true` if both paths begin with the same two segments.
fn is_sibling(route: &str, path: &str) -> bool {
    let start = |path: &str| {
        let mut segments = path.split('/').skip(2);
        segments.next().map(str::to_owned)
    };
    path.starts_with("/v1/") && start(route) == start(path)
}

/// Returns the path without empty, `.` and `..` segments; `None` if it contains none of them.
fn normalized(path: &str) -> Option<String> {
    let segments = path.strip_prefix('/')?.split('/');
    let mut clean: Vec<&str> = Vec::new();
    for segment in segments {
        match segment {
            "" | "." => {}
            ".." => drop(clean.pop()),
            segment => clean.push(segment),
        }
    }
    let end = if path.ends_with('/') && !clean.is_empty() {
        "/"
    } else {
        ""
    };
    let clean = format!("/{}{end}", clean.join("/"));
    (clean != path).then_some(clean)
}

/// Redirects to a path. As in Go, only the answer to a GET has a body.
fn redirect(request: &Request, path: &str) -> Reply {
    let path: String = percent_encoding::utf8_percent_encode(path, UNSAFE).collect();
    let location = if request.query_text().is_empty() {
        path
    } else {
        format!("{path}?{}", request.query_text())
    };
    let mut reply = if request.method == Method::GET {
        let shown = location.replace('&', "&amp;");
        Reply::html(
            301,
            format!("<a href=\"{shown}\">Moved Permanently</a>.\n\n"),
        )
    } else {
        Reply::empty(301)
    };
    reply.without("Vary");
    reply.with("Location", location)
}

/// The bytes that must be encoded in a path.
const UNSAFE: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`');

#[cfg(test)]
mod tests {
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
}
