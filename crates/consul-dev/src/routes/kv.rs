//! `/v1/kv/`.

use http::Method;
use serde_json::json;

use crate::cluster_state::Datacenter;
use crate::kv::WriteCondition;
use crate::outcome::{Handled, Outcome};
use crate::query::Query;
use crate::reply::Reply;
use crate::request::Request;
use crate::store::Store;

/// Reads, writes or deletes keys.
pub(crate) fn serve(store: &Store, request: &Request, key: &str) -> Handled {
    match request.method {
        Method::PUT => put(store, request, key),
        Method::DELETE => delete(store, request, key),
        _ => read(request, key),
    }
}

fn read(request: &Request, key: &str) -> Handled {
    if request.has("keys") {
        return Ok(Outcome::Query(Query::Keys(
            key.to_owned(),
            request.get("separator").to_owned(),
        )));
    }
    if request.has("recurse") {
        return Ok(Outcome::Query(Query::Entries(key.to_owned())));
    }
    named(key)?;
    Ok(Outcome::Query(Query::Key(key.to_owned())))
}

fn put(store: &Store, request: &Request, key: &str) -> Handled {
    named(key)?;
    let exclusive = ["acquire", "cas", "release"];
    let given: Vec<&str> = exclusive
        .into_iter()
        .filter(|name| request.has(name))
        .collect();
    if given.len() > 1 {
        let text = format!("Conflicting flags: {}", request.sorted_query());
        return Err(Reply::text(400, text));
    }
    let flags = request.number("flags")?.unwrap_or(0);
    match given.first().copied() {
        Some("acquire") => acquire(store, request, key, flags),
        Some("release") => release(store, request, key, flags),
        _ => {
            let only = only(request)?;
            write(store, request, |dc| {
                dc.write(|kv, _, at| kv.put(at, key, &request.body, flags, only))
            })
        }
    }
}

/// Stores a value and acquires the lock of the key.
fn acquire(store: &Store, request: &Request, key: &str, flags: u64) -> Handled {
    let session = request.get("acquire");
    let mut refusal = None;
    let done = write(store, request, |dc| {
        if dc.sessions.delays().contains_key(key) {
            return false;
        }
        refusal = dc.sessions.check_holder(session).err();
        let is_allowed = refusal.is_none();
        dc.write(|kv, _, at| is_allowed && kv.lock(at, key, (&request.body, flags), session))
    });
    match refusal {
        Some(text) => Err(Reply::text(500, text)),
        None => done,
    }
}

/// Stores a value and releases the lock of the key.
fn release(store: &Store, request: &Request, key: &str, flags: u64) -> Handled {
    let session = request.get("release");
    if session.is_empty() {
        return Err(Reply::text(500, "missing session"));
    }
    write(store, request, |dc| {
        dc.write(|kv, _, at| kv.unlock(at, key, (&request.body, flags), session))
    })
}

fn delete(store: &Store, request: &Request, key: &str) -> Handled {
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
) -> Handled {
    let done = store.write(|cluster| cluster.datacenter_mut(request.datacenter()).map(change));
    let done = done.ok_or_else(|| Reply::text(500, "No path to datacenter"))?;
    Ok(Outcome::json(&json!(done), request))
}

fn named(key: &str) -> Result<(), Reply> {
    if key.is_empty() {
        Err(Reply::text(400, "Missing key name"))
    } else {
        Ok(())
    }
}

fn only(request: &Request) -> Result<WriteCondition, Reply> {
    Ok(request
        .number("cas")?
        .map_or(WriteCondition::Always, WriteCondition::IfIndex))
}
