//! `/v1/session/`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fields::Fields;
use crate::go;
use crate::json_records;
use crate::outcome::{Handled, Outcome};
use crate::query::{Query, SessionSelection};
use crate::reply::Reply;
use crate::request::Request;
use crate::sessions::{Behavior, Session, check_id};
use crate::store::Store;

/// The default of the lock delay.
const LOCK_DELAY: Duration = Duration::from_secs(15);
/// A lock delay below this number of nanoseconds is a number of seconds, as in Consul.
const SECONDS_BELOW: i64 = 1000;
/// The limits of the TTL.
const TTL: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(10)..=Duration::from_secs(24 * 3600);

/// Creates a session.
pub(crate) fn create(store: &Store, request: &Request, _: &str) -> Handled {
    let body = if request.body.is_empty() {
        Fields::of(Value::Null, "Session")?
    } else {
        Fields::decode(&request.body, "Session")?
    };
    let session = read(body)?;
    let created = store.write(|cluster| {
        let node = cluster.identity.node.clone();
        let dc = cluster.datacenter_mut(request.datacenter())?;
        let node = if session.node.is_empty() {
            node
        } else {
            session.node.clone()
        };
        Some(dc.create_session(Session { node, ..session }))
    });
    let created = created.ok_or_else(no_datacenter)?;
    let id = created.map_err(|error| Reply::text(500, error.to_string()))?;
    Ok(Outcome::json(&json!({"ID": id}), request))
}

/// Reads a definition. As in Consul, unknown fields have no effect.
fn read(mut body: Fields) -> Result<Session, Reply> {
    let behavior = match body.text("Behavior")?.as_str() {
        "" | "release" => Behavior::Release,
        "delete" => Behavior::Delete,
        other => {
            let text = format!("Invalid Behavior setting '{other}'");
            return Err(Reply::text(500, text));
        }
    };
    let ttl_text = body.text("TTL")?;
    let ttl = ttl(&ttl_text)?;
    let older = body.take("Checks");
    let is_emptied = older.as_ref().is_some_and(|list| *list == json!([]));
    let checks = texts(older);
    let node_checks = match body.take("NodeChecks") {
        None if is_emptied => Vec::new(),
        None => vec!["serfHealth".to_owned()],
        given => texts(given),
    };
    let service_checks = body.objects("ServiceChecks", "ServiceCheck")?;
    let service_checks = service_checks.into_iter().map(|mut check| check.text("ID"));
    Ok(Session {
        name: body.text("Name")?,
        node: body.text("Node")?,
        lock_delay: lock_delay(&mut body)?,
        behavior,
        ttl_text,
        ttl,
        node_checks,
        service_checks: service_checks.collect::<Result<_, _>>()?,
        checks,
        ..Session::default()
    })
}

fn texts(list: Option<Value>) -> Vec<String> {
    let list = list.and_then(|list| list.as_array().cloned());
    let texts = list.unwrap_or_default().into_iter();
    texts
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

fn lock_delay(body: &mut Fields) -> Result<Duration, Reply> {
    match body.take("LockDelay") {
        None => Ok(LOCK_DELAY),
        Some(Value::String(text)) => go::duration(&text).ok_or_else(|| {
            let error = go::duration_error(&text);
            Reply::text(400, format!("Request decode failed: {error}"))
        }),
        Some(number) => {
            let number = number.as_i64().unwrap_or(0);
            let unsigned = u64::try_from(number).unwrap_or(0);
            Ok(if number < SECONDS_BELOW {
                Duration::from_secs(unsigned)
            } else {
                Duration::from_nanos(unsigned)
            })
        }
    }
}

fn ttl(text: &str) -> Result<Option<Duration>, Reply> {
    if text.is_empty() {
        return Ok(None);
    }
    let ttl = go::duration(text).ok_or_else(|| {
        let error = go::duration_error(text);
        Reply::text(500, format!("Session TTL '{text}' invalid: {error}"))
    })?;
    if ttl.is_zero() || TTL.contains(&ttl) {
        return Ok(Some(ttl).filter(|ttl| !ttl.is_zero()));
    }
    let nanoseconds = ttl.as_nanos();
    let text = format!("Invalid Session TTL '{nanoseconds}', must be between [10s=24h0m0s]");
    Err(Reply::text(500, text))
}

/// Ends a session.
pub(crate) fn destroy(store: &Store, request: &Request, id: &str) -> Handled {
    valid(id)?;
    let done = store.write(|cluster| {
        let dc = cluster.datacenter_mut(request.datacenter())?;
        dc.destroy_session(id);
        Some(())
    });
    done.ok_or_else(no_datacenter)?;
    Ok(Outcome::json(&json!(true), request))
}

/// Starts the TTL of a session again.
pub(crate) fn renew(store: &Store, request: &Request, id: &str) -> Handled {
    valid(id)?;
    let renewed = store.write(|cluster| {
        let dc = cluster.datacenter_mut(request.datacenter())?;
        Some(dc.sessions.renew(id).map(json_records::session))
    });
    let renewed = renewed.ok_or_else(no_datacenter)?;
    let unknown = || Reply::text(404, format!("Session id '{id}' not found"));
    let session = renewed.ok_or_else(unknown)?;
    Ok(Outcome::json(&json!([session]), request))
}

/// Returns a session.
pub(crate) fn info(_: &Store, _: &Request, id: &str) -> Handled {
    valid(id).map_err(|reply| {
        if reply.status == 500 {
            reply.with_query_meta(1, false)
        } else {
            reply
        }
    })?;
    Ok(Outcome::Query(Query::Sessions(SessionSelection::Id(
        id.to_owned(),
    ))))
}

/// Returns the sessions of a node.
pub(crate) fn of_node(_: &Store, _: &Request, node: &str) -> Handled {
    if node.is_empty() {
        return Err(Reply::text(400, "Missing node name"));
    }
    Ok(Outcome::Query(Query::Sessions(SessionSelection::OnNode(
        node.to_owned(),
    ))))
}

/// Returns all sessions.
#[expect(clippy::unnecessary_wraps, reason = "all handlers have one signature")]
pub(crate) fn list(_: &Store, _: &Request, _: &str) -> Handled {
    Ok(Outcome::Query(Query::Sessions(SessionSelection::All)))
}

fn valid(id: &str) -> Result<(), Reply> {
    if id.is_empty() {
        return Err(Reply::text(400, "Missing session"));
    }
    check_id(id).map_err(|error| Reply::text(500, error))
}

fn no_datacenter() -> Reply {
    Reply::text(500, "No path to datacenter")
}
