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
    write(store, request, |dc| {
        dc.write(|kv, _, at| kv.put(at, key, &request.body, flags, only))
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
