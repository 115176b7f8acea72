//! Applies the faults that struck a request.
//!
//! in:  the request, the faults, and the honest way to answer
//! out: what really goes out

use std::time::Duration;

use tokio::time::sleep;

use super::faults::{Fault, Struck};
use super::reply::Reply;
use super::request::Request;
use super::wire::Cut;

/// What happens instead of an honest answer. Nothing means that it is answered honestly.
pub(crate) async fn before(struck: &[Struck], request: &Request, cut: &Cut) -> Option<Reply> {
    for Struck { fault, .. } in struck {
        match fault {
            Fault::Delay(time) => sleep(*time).await,
            Fault::BlackHole => std::future::pending().await,
            Fault::HangUp => {
                cut.after(0);
                return Some(Reply::empty(200));
            }
            Fault::CutAfter(bytes) => cut.after(*bytes),
            Fault::Status(status, text) => return Some(Reply::text(*status, text)),
            Fault::Html(page) => return Some(Reply::html(200, page)),
            Fault::NoLeader(hold) => {
                if let Some(reply) = without_leader(request, *hold).await {
                    return Some(reply);
                }
            }
            Fault::HalfBody
            | Fault::Index(_)
            | Fault::NoIndex
            | Fault::LastContact(_)
            | Fault::UnknownLeader => {}
        }
    }
    None
}

/// What happens to an honest answer.
pub(crate) fn after(struck: &[Struck], mut reply: Reply) -> Reply {
    for Struck { fault, since } in struck {
        let standing = reply.has("X-Consul-Index");
        match fault {
            Fault::HalfBody => reply.body = reply.body.slice(..reply.body.len() / 2),
            Fault::Index(index) if standing => {
                reply = reply.with("X-Consul-Index", index.to_string());
            }
            Fault::NoIndex => reply.without("X-Consul-Index"),
            Fault::LastContact(age) if standing => {
                reply = reply.with("X-Consul-Lastcontact", age.as_millis().to_string());
            }
            Fault::UnknownLeader if standing => reply = reply.with("X-Consul-Knownleader", "false"),
            Fault::NoLeader(_) if standing && reply.status != 500 => {
                let age = since.elapsed().as_millis().to_string();
                reply = reply
                    .with("X-Consul-Knownleader", "false")
                    .with("X-Consul-Lastcontact", age);
            }
            _ => {}
        }
    }
    reply
}

/// What a server without a leader answers; it keeps its clients waiting for one first.
async fn without_leader(request: &Request, hold: Duration) -> Option<Reply> {
    let path = request.path.as_str();
    if path == "/v1/status/leader" {
        return Some(Reply::json(&serde_json::json!(""), request.has("pretty")));
    }
    let led = ["/v1/kv/", "/v1/catalog/", "/v1/health/"]
        .into_iter()
        .any(|prefix| path.starts_with(prefix));
    if !led || path == "/v1/catalog/datacenters" || request.has("stale") {
        return None;
    }
    sleep(hold).await;
    let reply = Reply::text(500, "No cluster leader");
    let standing = request.method == axum::http::Method::GET && !path.starts_with("/v1/kv/");
    Some(if standing {
        reply.with_standing(1, false, 0)
    } else {
        reply
    })
}
