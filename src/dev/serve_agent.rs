//! Serves `/v1/agent/`: what is registered with the server's own agent.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value};

use super::fields::Fields;
use super::filter::{Filter, NO_FILTER};
use super::go;
use super::json;
use super::mesh::Part;
use super::records::{Check, Instance, Stamped, Weights};
use super::reply::Reply;
use super::request::Request;
use super::routes::Outcome;
use super::store::Store;

type Served = Result<Outcome, Reply>;

/// The states a check can be in.
const STATES: [&str; 3] = ["passing", "warning", "critical"];

/// The agent's services, by ID.
pub(crate) fn services(store: &Store, request: &Request, _: &str) -> Served {
    let sample = json::agent_instance(&Instance {
        tagged: [("lan".to_owned(), (String::new(), 0))].into(),
        ..Instance::default()
    });
    let all = store.read(|world| {
        let shown = world
            .agent
            .instances
            .iter()
            .map(|(id, instance)| (id.clone(), json::agent_instance(instance)));
        shown.collect::<Vec<_>>()
    });
    filtered(request, &sample, all)
}

/// The agent's checks, by ID.
pub(crate) fn checks(store: &Store, request: &Request, _: &str) -> Served {
    let unstamped = |check: &Check| {
        json::check(&Stamped {
            value: check.clone(),
            create: 0,
            modify: 0,
        })
    };
    let all = store.read(|world| {
        let shown = world
            .agent
            .checks
            .iter()
            .map(|(id, check)| (id.clone(), unstamped(check)));
        shown.collect::<Vec<_>>()
    });
    filtered(request, &unstamped(&Check::default()), all)
}

/// Those that satisfy `?filter`; each looks like the sample.
fn filtered(request: &Request, sample: &Value, all: Vec<(String, Value)>) -> Served {
    let filter = Filter::of(request.get("filter"), sample);
    let filter = filter.map_err(|wrong| Reply::text(500, format!("{NO_FILTER}: {wrong}")))?;
    let found: Map<String, Value> = all
        .into_iter()
        .filter(|(_, item)| filter.keeps(item))
        .collect();
    Ok(Outcome::Done(Reply::json(
        &Value::Object(found),
        request.has("pretty"),
    )))
}

/// Registers an instance with its checks.
pub(crate) fn register_service(store: &Store, request: &Request, _: &str) -> Served {
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
    let part = Part::read(&mut body)?;
    let single = body
        .take("Check")
        .map(|check| Fields::of(check, "CheckType"))
        .transpose()?;
    let several = body.objects("Checks", "CheckType")?;
    body.ignore(&["Token", "TaggedAddresses", "Namespace"]);
    body.finish()?;
    sound(&instance)?;
    part.sound(instance.port)?;
    instance.mesh = part.mesh();
    instance.tagged = tagged(&instance);
    let alone = several.len() + usize::from(single.is_some()) == 1;
    let mut checks = Vec::new();
    for (at, definition) in single.into_iter().chain(several).enumerate() {
        let Some(mut check) = read_check(definition)? else {
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
    store.write(|world| world.register_instance(instance, checks, replaces_checks(request)));
    Ok(Outcome::Done(Reply::empty(200)))
}

/// Consul takes the words `true` and nothing for yes, but no other.
fn replaces_checks(request: &Request) -> bool {
    let name = "replace-existing-checks";
    request.has(name) && matches!(request.get(name), "" | "true")
}

fn sound(instance: &Instance) -> Result<(), Reply> {
    if instance.name.is_empty() {
        return Err(Reply::text(400, "Missing service name"));
    }
    if matches!(instance.address.as_str(), "0.0.0.0" | "::" | "[::]") {
        return Err(Reply::text(400, "Invalid service address"));
    }
    let plain = |key: &str| {
        key.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    if let Some((key, value)) = instance.meta.iter().find(|(key, _)| !plain(key)) {
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

/// The addresses the agent adds to an instance that has an IP address of its own.
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

/// Takes the weights; what is not there is 1 and 1.
pub(crate) fn weights(body: &mut Fields) -> Result<Weights, Reply> {
    let Some(value) = body.take("Weights") else {
        return Ok(Weights::default());
    };
    let mut inner = Fields::of(value, "Weights")?;
    let weights = Weights {
        passing: inner.number("Passing")?.unwrap_or(0),
        warning: inner.number("Warning")?.unwrap_or(0),
    };
    inner.finish()?;
    Ok(weights)
}

/// A check's definition; an empty one is none. It starts critical unless it says otherwise.
fn read_check(mut body: Fields) -> Result<Option<Check>, Reply> {
    let (id, check_id) = (body.text("ID")?, body.text("CheckID")?);
    let (name, status) = (body.text("Name")?, body.text("Status")?);
    let (notes, service_id) = (body.text("Notes")?, body.text("ServiceID")?);
    let (ttl, interval) = (body.text("TTL")?, body.text("Interval")?);
    let script = ["Args", "ScriptArgs"]
        .into_iter()
        .any(|key| body.take(key).is_some());
    let probes = [
        ("HTTP", "http"),
        ("TCP", "tcp"),
        ("GRPC", "grpc"),
        ("AliasService", "alias"),
        ("AliasNode", "alias"),
    ];
    let probe = probes
        .into_iter()
        .filter(|(key, _)| body.take(key).is_some())
        .map(|(_, kind)| kind)
        .next();
    body.ignore(&[
        "Timeout",
        "Method",
        "Header",
        "Body",
        "TLSSkipVerify",
        "GRPCUseTLS",
        "OutputMaxSize",
        "Token",
    ]);
    body.ignore(&[
        "DeregisterCriticalServiceAfter",
        "SuccessBeforePassing",
        "FailuresBeforeCritical",
        "Output",
    ]);
    body.ignore(&["DockerContainerID", "Shell", "Namespace"]);
    body.finish()?;
    let empty =
        ttl.is_empty() && probe.is_none() && !script && name.is_empty() && status.is_empty();
    if empty && id.is_empty() && check_id.is_empty() && notes.is_empty() {
        return Ok(None);
    }
    if !status.is_empty() && !STATES.contains(&status.as_str()) {
        return Err(Reply::text(
            400,
            "Status for checks must 'passing', 'warning', 'critical'",
        ));
    }
    if script {
        let text = "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true";
        return Err(Reply::text(500, text));
    }
    let kind = probe.unwrap_or("ttl");
    if kind == "ttl" && go::duration(&ttl).is_none_or(|ttl| ttl.is_zero()) {
        return Err(Reply::text(
            400,
            "Invalid check: TTL must be > 0 for TTL checks",
        ));
    }
    if !matches!(kind, "ttl" | "alias")
        && go::duration(&interval).is_none_or(|every| every.is_zero())
    {
        return Err(Reply::text(
            400,
            "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks",
        ));
    }
    Ok(Some(Check {
        id: if check_id.is_empty() { id } else { check_id },
        name,
        status: if status.is_empty() {
            "critical".into()
        } else {
            status
        },
        notes,
        service_id,
        kind: kind.into(),
        ..Check::default()
    }))
}

/// Removes an instance.
pub(crate) fn deregister_service(store: &Store, _: &Request, id: &str) -> Served {
    if id.is_empty() {
        return Err(Reply::text(500, "ServiceID missing"));
    }
    store.write(|world| world.deregister_instance(id));
    Ok(Outcome::Done(Reply::empty(200)))
}

/// Puts an instance into maintenance or takes it out.
pub(crate) fn service_maintenance(store: &Store, request: &Request, id: &str) -> Served {
    if id.is_empty() {
        return Err(Reply::text(400, "Missing service ID"));
    }
    let enable = enable(request)?;
    let done = store.write(|world| world.maintain_instance(id, enable, request.get("reason")));
    done.map_err(|error| Reply::text(404, error.to_string()))?;
    Ok(Outcome::Done(Reply::empty(200)))
}

/// Puts the node into maintenance or takes it out.
pub(crate) fn node_maintenance(store: &Store, request: &Request, _: &str) -> Served {
    let enable = enable(request)?;
    store.write(|world| world.maintain_node(enable, request.get("reason")));
    Ok(Outcome::Done(Reply::empty(200)))
}

fn enable(request: &Request) -> Result<bool, Reply> {
    match request.get("enable") {
        "" => Err(Reply::text(400, "Missing value for enable")),
        text => {
            let wrong = || {
                Reply::text(
                    400,
                    format!("Invalid value for enable: {}", go::quoted(text)),
                )
            };
            go::boolean(text).ok_or_else(wrong)
        }
    }
}

/// Registers a check of the node, or of an instance.
pub(crate) fn register_check(store: &Store, request: &Request, _: &str) -> Served {
    let mut body = Fields::decode(&request.body, "")?;
    let (name, status) = (body.text("Name")?, body.text("Status")?);
    if name.is_empty() {
        return Err(Reply::text(400, "Missing check name"));
    }
    if !status.is_empty() && !STATES.contains(&status.as_str()) {
        return Err(Reply::text(400, "Bad check status"));
    }
    let mut check = read_check(body)?
        .ok_or_else(|| Reply::text(400, "Invalid check: TTL must be > 0 for TTL checks"))?;
    if check.id.is_empty() {
        check.id.clone_from(&name);
    }
    check.name = name;
    if !status.is_empty() {
        check.status = status;
    }
    let done = store.write(|world| world.register_check(check));
    done.map_err(|error| Reply::text(500, error.to_string()))?;
    Ok(Outcome::Done(Reply::empty(200)))
}

/// Removes a check.
pub(crate) fn deregister_check(store: &Store, _: &Request, id: &str) -> Served {
    if id.is_empty() {
        return Err(Reply::text(500, "CheckID missing"));
    }
    store.write(|world| world.deregister_check(id));
    Ok(Outcome::Done(Reply::empty(200)))
}

/// A TTL check passes.
pub(crate) fn pass(store: &Store, request: &Request, id: &str) -> Served {
    report(store, id, "passing", request.get("note"))
}

/// A TTL check warns.
pub(crate) fn warn(store: &Store, request: &Request, id: &str) -> Served {
    report(store, id, "warning", request.get("note"))
}

/// A TTL check fails.
pub(crate) fn fail(store: &Store, request: &Request, id: &str) -> Served {
    report(store, id, "critical", request.get("note"))
}

/// A TTL check reports status and output in its body.
pub(crate) fn update(store: &Store, request: &Request, id: &str) -> Served {
    let mut body = Fields::decode(&request.body, "checkUpdate")?;
    let (status, output) = (body.text("Status")?, body.text("Output")?);
    body.finish()?;
    if !STATES.contains(&status.as_str()) {
        return Err(Reply::text(
            400,
            format!("Invalid check status: '{status}'"),
        ));
    }
    report(store, id, &status, &output)
}

fn report(store: &Store, id: &str, status: &str, output: &str) -> Served {
    let done = store.write(|world| world.report(id, status, output));
    done.map_err(|error| Reply::text(500, error.to_string()))?;
    Ok(Outcome::Done(Reply::empty(200)))
}
