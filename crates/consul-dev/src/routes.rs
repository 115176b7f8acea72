//! The paths and their handlers.
//!
//! Input: a [`Request`]. Output: an [`Outcome`](crate::outcome::Outcome): a finished answer, or a
//! query, which may be blocking.

mod agent;
#[expect(clippy::unnecessary_wraps, reason = "all handlers have one signature")]
mod catalog;
mod check_definition;
mod kv;
#[expect(clippy::unnecessary_wraps, reason = "all handlers have one signature")]
mod status;

use http::Method;

use super::outcome::{Handled, Handler};
use super::reply::Reply;
use super::request::Request;
use super::store::Store;

/// A path and its handler. A path that ends with a slash matches everything below it.
struct Route {
    path: &'static str,
    methods: &'static [Method],
    handler: Handler,
}

const GET: &[Method] = &[Method::GET];
const PUT: &[Method] = &[Method::PUT];
const ALL: &[Method] = &[Method::GET, Method::PUT, Method::DELETE];

const fn route(path: &'static str, methods: &'static [Method], handler: Handler) -> Route {
    Route {
        path,
        methods,
        handler,
    }
}

const ROUTES: &[Route] = &[
    route("/v1/kv/", ALL, kv::serve),
    route("/v1/catalog/services", GET, catalog::services),
    route("/v1/catalog/service/", GET, catalog::service),
    route("/v1/catalog/nodes", GET, catalog::nodes),
    route("/v1/catalog/node/", GET, catalog::node),
    route("/v1/catalog/datacenters", GET, catalog::datacenters),
    route("/v1/catalog/register", PUT, catalog::register),
    route("/v1/catalog/deregister", PUT, catalog::deregister),
    route("/v1/health/service/", GET, catalog::health_service),
    route("/v1/health/connect/", GET, catalog::health_connect),
    route("/v1/health/node/", GET, catalog::health_node),
    route("/v1/health/checks/", GET, catalog::health_checks),
    route("/v1/health/state/", GET, catalog::health_state),
    route("/v1/agent/self", GET, status::agent_self),
    route("/v1/agent/services", GET, agent::services),
    route("/v1/agent/checks", GET, agent::checks),
    route("/v1/agent/service/register", PUT, agent::register_service),
    route(
        "/v1/agent/service/deregister/",
        PUT,
        agent::deregister_service,
    ),
    route(
        "/v1/agent/service/maintenance/",
        PUT,
        agent::service_maintenance,
    ),
    route("/v1/agent/maintenance", PUT, agent::node_maintenance),
    route("/v1/agent/check/register", PUT, agent::register_check),
    route("/v1/agent/check/deregister/", PUT, agent::deregister_check),
    route("/v1/agent/check/pass/", PUT, agent::pass),
    route("/v1/agent/check/warn/", PUT, agent::warn),
    route("/v1/agent/check/fail/", PUT, agent::fail),
    route("/v1/agent/check/update/", PUT, agent::update),
    route("/v1/status/leader", GET, status::leader),
    route("/v1/status/peers", GET, status::peers),
];

/// Finds the route of a request and handles it.
pub(crate) fn serve(store: &Store, request: &Request) -> Handled {
    let path = request.path.as_str();
    let below = |route: &&Route| {
        path.strip_prefix(route.path)
            .is_some_and(|rest| rest.is_empty() || route.path.ends_with('/'))
    };
    if let Some(clean) = normalized(path) {
        return Err(redirect(request, &clean));
    }
    let Some(route) = ROUTES.iter().find(below) else {
        let is_above = ROUTES
            .iter()
            .any(|route| route.path.strip_suffix('/') == Some(path));
        return Err(if is_above {
            redirect(request, &format!("{path}/"))
        } else {
            not_found(path)
        });
    };
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

/// Paths that Consul has and this server does not. The error says so, so that users do not suspect
/// a typing error.
const NOT_EMBEDDED: [&str; 12] = [
    "/v1/acl/",
    "/v1/agent/",
    "/v1/catalog/",
    "/v1/config/",
    "/v1/connect/",
    "/v1/coordinate/",
    "/v1/event/",
    "/v1/health/",
    "/v1/operator/",
    "/v1/query",
    "/v1/session/",
    "/v1/txn",
];

fn not_found(path: &str) -> Reply {
    if path == "/" {
        return Reply::text(200, "Consul Agent");
    }
    let known = NOT_EMBEDDED.iter().any(|known| path.starts_with(known));
    let mut reply = if known {
        Reply::text(404, format!("{path} is not part of the embedded server"))
    } else {
        Reply::empty(404)
    };
    reply.without("Vary");
    reply
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
