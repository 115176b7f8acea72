//! Serves `/v1/kv/`.

use axum::http::Method;
use serde_json::json;

use super::cluster_state::Datacenter;
use super::kv::Only;
use super::question::Question;
use super::reply::Reply;
use super::request::Request;
use super::routes::Outcome;
use super::store::Store;

/// The longest value a key may have.
const LONGEST_VALUE: usize = 512 * 1024;

/// Reads, writes or deletes keys.
pub(crate) fn serve(store: &Store, request: &Request, key: &str) -> Result<Outcome, Reply> {
    match request.method {
        Method::PUT => put(store, request, key),
        Method::DELETE => delete(store, request, key),
        _ => read(request, key),
    }
}

fn read(request: &Request, key: &str) -> Result<Outcome, Reply> {
    if request.has("keys") {
        return Ok(Outcome::Ask(Question::Keys(
            key.to_owned(),
            request.get("separator").to_owned(),
        )));
    }
    if request.has("recurse") {
        return Ok(Outcome::Ask(Question::Entries(key.to_owned())));
    }
    named(key)?;
    Ok(Outcome::Ask(Question::Key(key.to_owned())))
}

fn put(store: &Store, request: &Request, key: &str) -> Result<Outcome, Reply> {
    named(key)?;
    let session = ["acquire", "release"]
        .into_iter()
        .find(|name| request.has(name));
    if let Some(name) = session {
        if request.has("cas") {
            let flags = format!(
                "Conflicting flags: {name}={}&cas={}",
                request.get(name),
                request.get("cas")
            );
            return Err(Reply::text(400, flags));
        }
        return Err(Reply::text(
            500,
            "sessions and locks are not part of the embedded server",
        ));
    }
    let flags = request.number("flags")?.unwrap_or(0);
    let only = only(request)?;
    let length = request.body.len();
    if length > LONGEST_VALUE {
        let text = format!(
            "Request body({length} bytes) too large, max size: {LONGEST_VALUE} bytes. \
             See https://www.consul.io/docs/agent/options.html#kv_max_value_size."
        );
        return Err(Reply::text(413, text).with("Connection", "close"));
    }
    write(store, request, |dc| {
        dc.write(|kv, _, at| kv.put(at, key, &request.body, flags, only))
    })
}

fn delete(store: &Store, request: &Request, key: &str) -> Result<Outcome, Reply> {
    if request.has("recurse") {
        return write(store, request, |dc| {
            dc.write(|kv, _, at| kv.delete_below(at, key));
            true
        });
    }
    named(key)?;
    let only = only(request)?;
    write(store, request, |dc| {
        dc.write(|kv, _, at| kv.delete(at, key, only))
    })
}

fn write(
    store: &Store,
    request: &Request,
    change: impl FnOnce(&mut Datacenter) -> bool,
) -> Result<Outcome, Reply> {
    let done = store.write(|world| world.datacenter_mut(request.datacenter()).map(change));
    let done = done.ok_or_else(|| Reply::text(500, "No path to datacenter"))?;
    Ok(Outcome::Done(Reply::json(
        &json!(done),
        request.has("pretty"),
    )))
}

fn named(key: &str) -> Result<(), Reply> {
    if key.is_empty() {
        Err(Reply::text(400, "Missing key name"))
    } else {
        Ok(())
    }
}

fn only(request: &Request) -> Result<Only, Reply> {
    Ok(request.number("cas")?.map_or(Only::Always, Only::IfAt))
}
