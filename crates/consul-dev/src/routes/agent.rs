//! `/v1/agent/`: the services and checks of the server's own agent.

use serde_json::{Map, Value};

use super::check_definition;
use crate::fields::Fields;
use crate::filter::{Filter, FilterError, sample_instance, with_native};
use crate::go;
use crate::json_records as json;
use crate::outcome::{Handled, Outcome};
use crate::records::{Check, Indexed};
use crate::reply::Reply;
use crate::request::Request;
use crate::store::Store;

/// Returns the agent's services, by ID.
pub(crate) fn services(store: &Store, request: &Request, _: &str) -> Handled {
    let sample = with_native(json::agent_instance(&sample_instance().value), "Connect");
    let all = store.read(|cluster| {
        let shown = cluster
            .agent
            .instances
            .iter()
            .map(|(id, instance)| (id.clone(), json::agent_instance(instance)));
        shown.collect::<Vec<_>>()
    });
    filtered(request, &sample, all)
}

/// Returns the agent's checks, by ID.
pub(crate) fn checks(store: &Store, request: &Request, _: &str) -> Handled {
    let unstamped = |check: &Check| {
        json::check(&Indexed {
            value: check.clone(),
            create: 0,
            modify: 0,
        })
    };
    let all = store.read(|cluster| {
        let shown = cluster
            .agent
            .checks
            .iter()
            .map(|(id, check)| (id.clone(), unstamped(check)));
        shown.collect::<Vec<_>>()
    });
    filtered(request, &unstamped(&Check::default()), all)
}

/// Returns the records that match `?filter`. `sample` has every field that a record can have.
fn filtered(request: &Request, sample: &Value, all: Vec<(String, Value)>) -> Handled {
    let filter = Filter::of(request.get("filter"), sample).map_err(FilterError::into_reply)?;
    let found: Map<String, Value> = all
        .into_iter()
        .filter(|(_, item)| filter.keeps(item))
        .collect();
    Ok(Outcome::json(&Value::Object(found), request))
}

/// Returns one of the agent's services.
#[expect(clippy::unnecessary_wraps, reason = "all handlers have one signature")]
pub(crate) fn service(_: &Store, _: &Request, id: &str) -> Handled {
    Ok(Outcome::AgentInstance(id.to_owned()))
}

/// Removes an instance.
pub(crate) fn deregister_service(store: &Store, _: &Request, id: &str) -> Handled {
    if id.is_empty() {
        return Err(Reply::text(500, "ServiceID missing"));
    }
    store.write(|cluster| cluster.deregister_instance(id));
    Ok(Outcome::Done(Reply::empty(200)))
}

/// Turns an instance's maintenance mode on or off.
pub(crate) fn service_maintenance(store: &Store, request: &Request, id: &str) -> Handled {
    if id.is_empty() {
        return Err(Reply::text(400, "Missing service ID"));
    }
    let enable = enable(request)?;
    let done = store.write(|cluster| cluster.maintain_instance(id, enable, request.get("reason")));
    done.map_err(|error| Reply::text(404, error.to_string()))?;
    Ok(Outcome::Done(Reply::empty(200)))
}

/// Turns the node's maintenance mode on or off.
pub(crate) fn node_maintenance(store: &Store, request: &Request, _: &str) -> Handled {
    let enable = enable(request)?;
    store.write(|cluster| cluster.maintain_node(enable, request.get("reason")));
    Ok(Outcome::Done(Reply::empty(200)))
}

fn enable(request: &Request) -> Result<bool, Reply> {
    match request.get("enable") {
        "" => Err(Reply::text(400, "Missing value for enable")),
        text => {
            let refuse = || {
                Reply::text(
                    400,
                    format!("Invalid value for enable: {}", go::quoted(text)),
                )
            };
            go::boolean(text).ok_or_else(refuse)
        }
    }
}

/// Removes a check.
pub(crate) fn deregister_check(store: &Store, _: &Request, id: &str) -> Handled {
    if id.is_empty() {
        return Err(Reply::text(500, "CheckID missing"));
    }
    store.write(|cluster| cluster.deregister_check(id));
    Ok(Outcome::Done(Reply::empty(200)))
}

/// Sets a TTL check to passing.
pub(crate) fn pass(store: &Store, request: &Request, id: &str) -> Handled {
    report(store, id, "passing", request.get("note"))
}

/// Sets a TTL check to warning.
pub(crate) fn warn(store: &Store, request: &Request, id: &str) -> Handled {
    report(store, id, "warning", request.get("note"))
}

/// Sets a TTL check to critical.
pub(crate) fn fail(store: &Store, request: &Request, id: &str) -> Handled {
    report(store, id, "critical", request.get("note"))
}

/// Sets the status and the output of a TTL check.
pub(crate) fn update(store: &Store, request: &Request, id: &str) -> Handled {
    let mut body = Fields::decode(&request.body, "checkUpdate")?;
    let (status, output) = (body.text("Status")?, body.text("Output")?);
    body.finish()?;
    if !check_definition::is_state(&status) {
        return Err(Reply::text(
            400,
            format!("Invalid check status: '{status}'"),
        ));
    }
    report(store, id, &status, &output)
}

fn report(store: &Store, id: &str, status: &str, output: &str) -> Handled {
    let done = store.write(|cluster| cluster.report(id, status, output));
    done.map_err(|error| Reply::text(500, error.to_string()))?;
    Ok(Outcome::Done(Reply::empty(200)))
}
