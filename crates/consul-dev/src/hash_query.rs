//! Answers queries for one of the agent's instances. They block until the hash of the answer
//! changes: `?hash=`.

use std::time::Duration;

use ring::digest;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::blocking_query::jitter;
use super::faults::Interruptions;
use super::go;
use super::ids;
use super::json_records;
use super::reply::Reply;
use super::request::Request;
use super::store::Store;

/// The default of `?wait`.
const DEFAULT_WAIT: Duration = Duration::from_secs(10 * 60);

/// Answers a query when the hash differs from `?hash`, or when the wait is over.
pub(crate) async fn answer(
    store: &Store,
    interruptions: Interruptions,
    request: &Request,
    id: &str,
) -> Result<Reply, Reply> {
    let wait = match request.get("wait") {
        "" => DEFAULT_WAIT,
        text => go::duration(text).ok_or_else(|| Reply::text(400, "Invalid wait time"))?,
    };
    let wait = wait.min(DEFAULT_WAIT);
    let (hash, body) = tokio::select! {
        found = changed(store, id, request.get("hash"), wait) => found?,
        reply = interruptions.of(&request.path) => return Err(reply),
    };
    let reply = Reply::json(&body, request.has("pretty"));
    Ok(reply.with("X-Consul-Contenthash", hash))
}

/// Returns the hash and the body when the hash differs from `known`, or when the wait is over.
async fn changed(
    store: &Store,
    id: &str,
    known: &str,
    wait: Duration,
) -> Result<(String, Value), Reply> {
    let deadline = Instant::now() + wait + jitter(wait / 16);
    let mut changes = store.subscribe();
    loop {
        changes.borrow_and_update();
        let instance = store.read(|cluster| {
            let instance = cluster.agent.instances.get(id);
            instance.map(json_records::agent_instance)
        });
        let unknown = || Reply::text(404, format!("unknown service ID: {id}"));
        let mut body = instance.ok_or_else(unknown)?;
        let digest = digest::digest(&digest::SHA256, body.to_string().as_bytes());
        let hash = ids::hex(&digest.as_ref()[..8], "");
        body["ContentHash"] = json!(hash);
        if hash != known || Instant::now() >= deadline {
            return Ok((hash, body));
        }
        tokio::select! {
            woken = changes.changed() => {
                debug_assert!(woken.is_ok(), "the store outlives its queries");
            }
            () = sleep_until(deadline) => {}
        }
    }
}
