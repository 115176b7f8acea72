//! `/v1/agent/health/service/`: the health of the agent's own instances, as an HTTP status.

use serde_json::{Value, json};

use crate::json_records;
use crate::outcome::{Handled, Outcome};
use crate::reply::Reply;
use crate::request::Request;
use crate::store::Store;

/// Returns the health of an instance.
pub(crate) fn by_id(store: &Store, request: &Request, id: &str) -> Handled {
    if id.is_empty() {
        return Err(Reply::text(500, "Bad request: Missing serviceID"));
    }
    let found = store.read(|cluster| {
        let health = cluster.agent.health(cluster.agent.instances.get(id)?);
        let body = json_records::instance_health(&health);
        Some((health.code(), health.status, body))
    });
    if let Some((code, status, body)) = found {
        return Ok(answer(request, code, status.to_owned(), &body));
    }
    let reason = format!("ServiceId {id} not found");
    let body = if is_text(request) {
        json!(reason)
    } else {
        json!({"AggregatedStatus": "critical", "Service": null, "Checks": null})
    };
    let reply = Reply::json(&body, request.has("pretty"));
    Ok(finished(reply, 404, reason))
}

/// Returns the health of all instances of a service.
pub(crate) fn by_name(store: &Store, request: &Request, name: &str) -> Handled {
    if name.is_empty() {
        return Err(Reply::text(500, "Bad request: Missing service Name"));
    }
    let mut worst = (404, format!("ServiceName {name} Not Found"));
    let body: Value = store.read(|cluster| {
        let instances = cluster.agent.instances.values();
        instances
            .filter(|instance| instance.name == name)
            .map(|instance| {
                let health = cluster.agent.health(instance);
                let code = health.code();
                if worst.0 == 404 || worst.0 < code {
                    worst = (code, health.status.to_owned());
                }
                json_records::instance_health(&health)
            })
            .collect()
    });
    Ok(answer(request, worst.0, worst.1, &body))
}

fn is_text(request: &Request) -> bool {
    request.get("format") == "text"
}

fn answer(request: &Request, code: u16, reason: String, body: &Value) -> Outcome {
    let reply = if is_text(request) {
        Reply::text(200, reason.clone()).with("Content-Type", "text/plain")
    } else {
        Reply::json(body, request.has("pretty"))
    };
    finished(reply, code, reason)
}

fn finished(mut reply: Reply, code: u16, reason: String) -> Outcome {
    reply.status = code;
    Outcome::Done(reply.with("X-Consul-Reason", reason))
}
