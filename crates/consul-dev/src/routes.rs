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
mod tests;
