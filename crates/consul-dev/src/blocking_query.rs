//! Answers queries, and lets blocking queries wait.
//!
//! Input: a [`Query`] and its [`ReadOptions`]. Output: the answer with its index.

use std::time::Duration;

use base64::Engine as _;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::cluster_state::ClusterState;
use super::faults::Interruptions;
use super::filter::{Filter, FilterError};
use super::go;
use super::query::{Query, QueryWatch};
use super::reply::Reply;
use super::request::{ReadOptions, Request};
use super::store::Store;

/// The only path whose answer can be in PEM.
const ROOTS: &str = "/v1/connect/ca/roots";

/// The body at an index; `None` means 404.
struct Indexed {
    index: u64,
    body: Option<Value>,
}

/// A waiting query: what it watches, and the state when it was last evaluated.
struct Waiting {
    watch: QueryWatch,
    /// The raft index when the query was last evaluated.
    since: u64,
}

/// The result of evaluating the query once.
enum Step {
    Answer(Indexed),
    Wait(Waiting),
    NoDatacenter,
}

/// Answers a query when its index exceeds the requested one, or when the wait is over.
pub(crate) async fn answer(
    store: &Store,
    interruptions: Interruptions,
    request: &Request,
    options: &ReadOptions,
    query: &Query,
) -> Result<Reply, Reply> {
    let with_meta = |reply: Reply| {
        if query.is_kv() || query.is_of_agent() {
            reply
        } else {
            reply.with_query_meta(1, false)
        }
    };
    let filter = Filter::parse(&options.filter, query)
        .map_err(FilterError::into_reply)
        .map_err(with_meta)?;
    let epoch = interruptions.epoch();
    let found = tokio::select! {
        found = wait(store, options, query, epoch) => found.map_err(with_meta)?,
        reply = interruptions.of(&request.path) => return Err(reply),
    };
    let reply = match found.body {
        None => Reply::empty(404),
        Some(mut body) => {
            filter.retain(&mut body);
            if request.has("raw") && matches!(query, Query::Key(_)) {
                raw(&body)
            } else if query.is_of_roots() && request.path == ROOTS && is_pem(request)? {
                return Ok(roots_in_pem(&body));
            } else {
                Reply::json(&body, request.has("pretty"))
            }
        }
    };
    let reply = reply.with_query_meta(found.index.max(1), true);
    let has_consistency = reply.status == 200 && query.shows_consistency();
    Ok(if has_consistency {
        reply.with("X-Consul-Effective-Consistency", options.consistency.name())
    } else {
        reply
    })
}

/// Waits for an answer to a query that arrived in `epoch`.
async fn wait(
    store: &Store,
    options: &ReadOptions,
    query: &Query,
    epoch: u64,
) -> Result<Indexed, Reply> {
    let deadline = Instant::now() + options.wait + jitter(options.wait / 16);
    let mut changes = store.subscribe();
    let mut waiting: Option<Waiting> = None;
    loop {
        changes.borrow_and_update();
        match evaluate(store, options, query, epoch, waiting.take()) {
            Step::Answer(found) => return Ok(found),
            Step::NoDatacenter => return Err(Reply::text(500, "No path to datacenter")),
            Step::Wait(next) => waiting = Some(next),
        }
        tokio::select! {
            woken = changes.changed() => {
                debug_assert!(woken.is_ok(), "the store outlives its queries");
            }
            () = sleep_until(deadline) => {
                // As in Consul, this is the index of the last evaluation: a write that did not wake
                // the query does not change it.
                let index = waiting.map_or(0, |waiting| waiting.watch.index);
                let body = |cluster: &ClusterState| {
                    query.answer(cluster.datacenter(options.datacenter.as_deref())?)
                };
                return Ok(Indexed { index, body: store.read(body) });
            }
        }
    }
}

fn evaluate(
    store: &Store,
    options: &ReadOptions,
    query: &Query,
    epoch: u64,
    last: Option<Waiting>,
) -> Step {
    store.read(|cluster| {
        let Some(dc) = cluster.datacenter(options.datacenter.as_deref()) else {
            return Step::NoDatacenter;
        };
        let is_replaced = epoch != cluster.epoch;
        if let Some(last) = last
            && !is_replaced
            && !last.watch.is_affected(&dc.writes, last.since)
        {
            return Step::Wait(last);
        }
        let watch = query.watch(dc);
        if options.index == 0 || is_replaced || watch.index.max(1) > options.index {
            Step::Answer(Indexed {
                index: watch.index,
                body: query.answer(dc),
            })
        } else {
            Step::Wait(Waiting {
                watch,
                since: dc.index,
            })
        }
    })
}

/// Returns the value of a key as it is stored.
fn raw(body: &Value) -> Reply {
    let encoded = body
        .pointer("/0/Value")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let value = base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .unwrap_or_default();
    let reply = Reply {
        body: value.into(),
        ..Reply::empty(200)
    };
    reply
        .with("Content-Type", "text/plain")
        .with("X-Content-Type-Options", "nosniff")
        .with("Content-Security-Policy", "sandbox")
}

/// Returns `true` if `?pem` asks for certificates instead of JSON.
fn is_pem(request: &Request) -> Result<bool, Reply> {
    match request.get("pem") {
        "" => Ok(false),
        text => go::boolean(text).ok_or_else(|| {
            Reply::text(
                400,
                "Bad request: The 'pem' query parameter must be a boolean value",
            )
        }),
    }
}

/// Returns the root certificates in PEM.
fn roots_in_pem(body: &Value) -> Reply {
    let roots = body["Roots"].as_array();
    let certificates = roots.into_iter().flatten();
    let text: String = certificates
        .filter_map(|root| root["RootCert"].as_str())
        .collect();
    Reply {
        body: text.into(),
        ..Reply::empty(200)
    }
    .with("Content-Type", "application/pem-certificate-chain")
}

/// Returns a random duration of at most `max`, so that simultaneous queries do not time out
/// together.
pub(crate) fn jitter(max: Duration) -> Duration {
    max.mul_f64(fastrand::f64())
}
