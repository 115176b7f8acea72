//! `/v1/agent/`: registrations with the server's own agent.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value};

use super::check_definition;
use crate::fields::Fields;
use crate::filter::{Filter, FilterError};
use crate::go;
use crate::json_records as json;
use crate::outcome::{Handled, Outcome};
use crate::records::{Check, Indexed, Instance};
use crate::reply::Reply;
use crate::request::Request;
use crate::service_fields::{MeshRole, weights};
use crate::store::Store;

/// Returns the agent's services, by ID.
pub(crate) fn services(store: &Store, request: &Request, _: &str) -> Handled {
    let sample = json::agent_instance(&Instance {
        tagged: [("lan".to_owned(), (String::new(), 0))].into(),
        ..Instance::default()
    });
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

/// Registers an instance with its checks.
pub(crate) fn register_service(store: &Store, request: &Request, _: &str) -> Handled {
    let mut body = Fields::decode(&request.body, "")?;
    let (id, name) = (body.text("ID")?, body.text("Name")?);
    let mut instance = Instance {
        id: if id.is_empty() { name.clone() } else { id },
        name,
        tags: body.texts("Tags")?,
        address: body.text("Address")?,
        port: body.number("Port")?.unwrap_or(0),
        meta: body.pairs("Meta")?,
        weights: weights(&mut body)?,
        enable_tag_override: body.boolean("EnableTagOverride")?,
        ..Instance::default()
    };
    let role = MeshRole::read(&mut body)?;
    let single = body
        .take("Check")
        .map(|check| Fields::of(check, "CheckType"))
        .transpose()?;
    let several = body.objects("Checks", "CheckType")?;
    body.ignore(&["Token", "TaggedAddresses", "Namespace"]);
    body.finish()?;
    validate(&instance)?;
    role.validate(instance.port)?;
    instance.mesh = role.mesh();
    instance.tagged = tagged(&instance);
    let alone = several.len() + usize::from(single.is_some()) == 1;
    let mut checks = Vec::new();
    for (at, definition) in single.into_iter().chain(several).enumerate() {
        let Some(mut check) = check_definition::read(definition)? else {
            continue;
        };
        if check.id.is_empty() {
            let number = if alone {
                String::new()
            } else {
                format!(":{}", at + 1)
            };
            check.id = format!("service:{}{number}", instance.id);
        }
        if check.name.is_empty() {
            check.name = format!("Service '{}' check", instance.name);
        }
        checks.push(check);
    }
    store.write(|cluster| cluster.register_instance(instance, checks, replaces_checks(request)));
    Ok(Outcome::Done(Reply::empty(200)))
}

/// Returns `true` if `?replace-existing-checks` is set: without a value or with `true`, as in
/// Consul.
fn replaces_checks(request: &Request) -> bool {
    let name = "replace-existing-checks";
    request.has(name) && matches!(request.get(name), "" | "true")
}

fn validate(instance: &Instance) -> Result<(), Reply> {
    if instance.name.is_empty() {
        return Err(Reply::text(400, "Missing service name"));
    }
    if matches!(instance.address.as_str(), "0.0.0.0" | "::" | "[::]") {
        return Err(Reply::text(400, "Invalid service address"));
    }
    let is_valid = |key: &str| {
        key.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    if let Some((key, value)) = instance.meta.iter().find(|(key, _)| !is_valid(key)) {
        let text = format!(
            "Invalid Service Meta: Couldn't load metadata pair ('{key}', '{value}'): Key contains invalid characters"
        );
        return Err(Reply::text(400, text));
    }
    if instance.weights.passing < 1 {
        return Err(Reply::text(
            400,
            "Invalid Weights: Passing must be greater than 0",
        ));
    }
    Ok(())
}

/// Returns the tagged addresses that the agent adds to an instance whose address is an IP address.
fn tagged(instance: &Instance) -> BTreeMap<String, (String, i64)> {
    let names = match instance.address.parse() {
        Ok(IpAddr::V4(_)) => ["lan_ipv4", "wan_ipv4"],
        Ok(IpAddr::V6(_)) => ["lan_ipv6", "wan_ipv6"],
        Err(_) => return BTreeMap::new(),
    };
    names
        .map(|name| (name.to_owned(), (instance.address.clone(), instance.port)))
        .into()
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

/// Registers a check of the node, or of an instance.
pub(crate) fn register_check(store: &Store, request: &Request, _: &str) -> Handled {
    let mut body = Fields::decode(&request.body, "")?;
    let (name, status) = (body.text("Name")?, body.text("Status")?);
    if name.is_empty() {
        return Err(Reply::text(400, "Missing check name"));
    }
    if !status.is_empty() && !check_definition::is_state(&status) {
        return Err(Reply::text(400, "Bad check status"));
    }
    let mut check = check_definition::read(body)?
        .ok_or_else(|| Reply::text(400, "Invalid check: TTL must be > 0 for TTL checks"))?;
    if check.id.is_empty() {
        check.id.clone_from(&name);
    }
    check.name = name;
    if !status.is_empty() {
        check.status = status;
    }
    let done = store.write(|cluster| cluster.register_check(check));
    done.map_err(|error| Reply::text(500, error.to_string()))?;
    Ok(Outcome::Done(Reply::empty(200)))
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
