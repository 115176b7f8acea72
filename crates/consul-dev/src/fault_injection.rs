//! Applies faults to requests.
//!
//! Input: a request, its faults, and the correct answer. Output: the answer that is sent.

use std::time::Duration;

use http::Method;
use tokio::time::sleep;

use super::faults::{ActiveFault, Fault};
use super::limited_stream::ByteLimit;
use super::reply::Reply;
use super::request::Request;

/// Applies the faults that replace or delay an answer. `None` means that the correct answer is
/// sent.
pub(crate) async fn before(
    faults: &[ActiveFault],
    request: &Request,
    limit: &ByteLimit,
) -> Option<Reply> {
    for ActiveFault { fault, .. } in faults {
        match fault {
            Fault::Delay(time) => sleep(*time).await,
            Fault::BlackHole => std::future::pending().await,
            Fault::HangUp => {
                limit.set(0);
                return Some(Reply::empty(200));
            }
            Fault::CutAfter(bytes) => limit.set(*bytes),
            Fault::Status(status, text) => return Some(Reply::text(*status, text)),
            Fault::Html(page) => return Some(Reply::html(200, page)),
            Fault::NoLeader(delay) => {
                if let Some(reply) = without_leader(request, *delay).await {
                    return Some(reply);
                }
            }
            Fault::HalfBody
            | Fault::Index(_)
            | Fault::NoIndex
            | Fault::LastContact(_)
            | Fault::Filtered
            | Fault::UnknownLeader => {}
        }
    }
    None
}

/// Applies the faults that change a correct answer.
pub(crate) fn after(faults: &[ActiveFault], mut reply: Reply) -> Reply {
    for ActiveFault { fault, since } in faults {
        let has_index = reply.has("X-Consul-Index");
        match fault {
            Fault::HalfBody => reply.body = reply.body.slice(..reply.body.len() / 2),
            Fault::Index(index) if has_index => {
                reply = reply.with("X-Consul-Index", index.to_string());
            }
            Fault::NoIndex => reply.without("X-Consul-Index"),
            Fault::LastContact(age) if has_index => {
                reply = reply.with("X-Consul-Lastcontact", age.as_millis().to_string());
            }
            Fault::Filtered if has_index && reply.status == 200 => {
                let is_list = reply.body.starts_with(b"[");
                reply.body = if is_list { "[]" } else { "{}" }.into();
                reply = reply.with("X-Consul-Results-Filtered-By-ACLs", "true");
            }
            Fault::UnknownLeader if has_index => {
                reply = reply.with("X-Consul-Knownleader", "false");
            }
            Fault::NoLeader(_) if has_index && reply.status != 500 => {
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

/// Answers as a server without a leader, after the time that an election takes. `None` if the
/// request needs no leader.
async fn without_leader(request: &Request, delay: Duration) -> Option<Reply> {
    let path = request.path.as_str();
    if path == "/v1/status/leader" {
        return Some(Reply::json(&serde_json::json!(""), request.has("pretty")));
    }
    let needs_leader = ["/v1/kv/", "/v1/catalog/", "/v1/health/"]
        .into_iter()
        .any(|prefix| path.starts_with(prefix));
    if !needs_leader || path == "/v1/catalog/datacenters" || request.has("stale") {
        return None;
    }
    sleep(delay).await;
    let reply = Reply::text(500, "No cluster leader");
    let has_index = request.method == Method::GET && !path.starts_with("/v1/kv/");
    Some(if has_index {
        reply.with_query_meta(1, false)
    } else {
        reply
    })
}
