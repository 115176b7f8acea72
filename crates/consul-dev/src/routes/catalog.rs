//! `/v1/catalog/` and `/v1/health/`.

use std::collections::BTreeMap;

use serde_json::json;

use crate::fields::Fields;
use crate::go;
use crate::outcome::{Handled, Outcome};
use crate::query::Query;
use crate::records::{Check, Instance, Node};
use crate::reply::Reply;
use crate::request::Request;
use crate::service_fields::{MeshRole, weights};
use crate::store::Store;

/// Returns the names of all services.
pub(crate) fn services(_: &Store, request: &Request, _: &str) -> Handled {
    Ok(Outcome::Query(Query::Services(request.node_meta())))
}

/// Returns the instances of a service.
pub(crate) fn service(_: &Store, request: &Request, name: &str) -> Handled {
    named(name, "Missing service name")?;
    Ok(Outcome::Query(Query::Instances {
        name: name.to_owned(),
        tags: request.all("tag"),
        meta: request.node_meta(),
    }))
}

/// Returns all nodes.
pub(crate) fn nodes(_: &Store, request: &Request, _: &str) -> Handled {
    Ok(Outcome::Query(Query::Nodes(request.node_meta())))
}

/// Returns a node with its instances.
pub(crate) fn node(_: &Store, _: &Request, name: &str) -> Handled {
    named(name, "Missing node name")?;
    Ok(Outcome::Query(Query::Node(name.to_owned())))
}

/// Returns the names of all datacenters, the server's own first.
pub(crate) fn datacenters(store: &Store, request: &Request, _: &str) -> Handled {
    let names = store.read(|cluster| {
        let own = cluster.identity.datacenter.clone();
        let others = cluster
            .datacenters
            .keys()
            .filter(|name| **name != own)
            .cloned();
        std::iter::once(own.clone())
            .chain(others)
            .collect::<Vec<_>>()
    });
    Ok(Outcome::json(&json!(names), request))
}

/// Returns the instances of a service with their checks.
pub(crate) fn health_service(_: &Store, request: &Request, name: &str) -> Handled {
    named(name, "Missing service name")?;
    let passing = passing(request)?;
    Ok(Outcome::Query(Query::Health {
        name: name.to_owned(),
        tags: request.all("tag"),
        meta: request.node_meta(),
        passing,
    }))
}

/// Returns `true` if `?passing` is set.
fn passing(request: &Request) -> Result<bool, Reply> {
    match request.get("passing") {
        "" => Ok(request.has("passing")),
        text => go::boolean(text).ok_or_else(|| Reply::text(400, "Invalid value for ?passing")),
    }
}

/// Returns the instances that give access to a service in the mesh, with their checks. As in
/// Consul, `?tag` has no effect.
pub(crate) fn health_connect(_: &Store, request: &Request, name: &str) -> Handled {
    named(name, "Missing service name")?;
    Ok(Outcome::Query(Query::Connect {
        name: name.to_owned(),
        meta: request.node_meta(),
        passing: passing(request)?,
    }))
}

/// Returns the checks on a node.
pub(crate) fn health_node(_: &Store, _: &Request, name: &str) -> Handled {
    named(name, "Missing node name")?;
    Ok(Outcome::Query(Query::NodeChecks(name.to_owned())))
}

/// Returns the checks of a service.
pub(crate) fn health_checks(_: &Store, request: &Request, name: &str) -> Handled {
    named(name, "Missing service name")?;
    Ok(Outcome::Query(Query::ServiceChecks {
        name: name.to_owned(),
        meta: request.node_meta(),
    }))
}

/// Returns the checks in a state.
pub(crate) fn health_state(_: &Store, request: &Request, state: &str) -> Handled {
    named(state, "Missing check state")?;
    Ok(Outcome::Query(Query::ChecksInState {
        state: state.to_owned(),
        meta: request.node_meta(),
    }))
}

fn named(name: &str, missing: &str) -> Result<(), Reply> {
    if name.is_empty() {
        Err(Reply::text(400, missing))
    } else {
        Ok(())
    }
}

/// Writes a node, an instance and checks into the catalog; the agent is not involved.
pub(crate) fn register(store: &Store, request: &Request, _: &str) -> Handled {
    let mut body = Fields::decode(&request.body, "RegisterRequest")?;
    let node = Node {
        id: body.text("ID")?,
        name: body.text("Node")?,
        address: body.text("Address")?,
        tagged: body.pairs("TaggedAddresses")?,
        meta: body.pairs("NodeMeta")?,
    };
    let dc = body.text("Datacenter")?;
    let instance = body
        .take("Service")
        .map(|value| read_instance(value, &node.name))
        .transpose()?;
    let mut checks = body.objects("Checks", "HealthCheck")?;
    if let Some(check) = body.take("Check") {
        checks.push(Fields::of(check, "HealthCheck")?);
    }
    let checks: Vec<Check> = checks
        .into_iter()
        .map(|check| read_check(check, &node.name))
        .collect::<Result<_, _>>()?;
    let keep_node = body.boolean("SkipNodeUpdate")?;
    body.ignore(&["WriteRequest", "Token", "Namespace"]);
    body.finish()?;
    if node.name.is_empty() {
        return Err(Reply::text(500, "Must provide node"));
    }
    if node.address.is_empty() && !keep_node {
        return Err(Reply::text(
            500,
            "Must provide address if SkipNodeUpdate is not set",
        ));
    }
    let stored = store.write(|cluster| {
        let dc = cluster.datacenter_mut(Some(dc.as_str()).filter(|name| !name.is_empty()))?;
        Some(dc.write(|_, catalog, (index, writes)| {
            if !keep_node || catalog.node(&node.name).is_none() {
                catalog.put_node((index, writes), node);
            }
            if let Some(instance) = instance {
                catalog.put_instance((index, writes), instance);
            }
            checks
                .into_iter()
                .try_for_each(|check| catalog.put_check((index, writes), check))
        }))
    });
    let stored = stored.ok_or_else(|| Reply::text(500, "No path to datacenter"))?;
    stored.map_err(|error| Reply::text(500, error.to_string()))?;
    Ok(Outcome::json(&json!(true), request))
}

/// Removes a check, an instance or a whole node from the catalog.
pub(crate) fn deregister(store: &Store, request: &Request, _: &str) -> Handled {
    let mut body = Fields::decode(&request.body, "DeregisterRequest")?;
    let (dc, node) = (body.text("Datacenter")?, body.text("Node")?);
    let (instance, check) = (body.text("ServiceID")?, body.text("CheckID")?);
    body.ignore(&["Address", "WriteRequest", "Token", "Namespace"]);
    body.finish()?;
    if node.is_empty() {
        return Err(Reply::text(500, "Must provide node"));
    }
    let done = store.write(|cluster| {
        let dc = cluster.datacenter_mut(Some(dc.as_str()).filter(|name| !name.is_empty()))?;
        dc.write(|_, catalog, at| {
            if !instance.is_empty() {
                catalog.remove_instance(at, &node, &instance);
            } else if !check.is_empty() {
                catalog.remove_check(at, &node, &check);
            } else {
                catalog.remove_node(at, &node);
            }
        });
        Some(())
    });
    done.ok_or_else(|| Reply::text(500, "No path to datacenter"))?;
    Ok(Outcome::json(&json!(true), request))
}

fn read_instance(value: serde_json::Value, node: &str) -> Result<Instance, Reply> {
    let mut body = Fields::of(value, "NodeService")?;
    let (id, name) = (body.text("ID")?, body.text("Service")?);
    if name.is_empty() {
        return Err(Reply::text(500, "Must provide service name with ID"));
    }
    let instance = Instance {
        node: node.to_owned(),
        id: if id.is_empty() { name.clone() } else { id },
        name,
        tags: body.texts("Tags")?,
        address: body.text("Address")?,
        port: body.number("Port")?.unwrap_or(0),
        tagged: BTreeMap::new(),
        meta: body.pairs("Meta")?,
        weights: weights(&mut body)?,
        enable_tag_override: body.boolean("EnableTagOverride")?,
        mesh: MeshRole::read(&mut body)?.mesh(),
    };
    body.ignore(&["TaggedAddresses", "Namespace", "CreateIndex", "ModifyIndex"]);
    body.finish()?;
    Ok(instance)
}

fn read_check(mut body: Fields, node: &str) -> Result<Check, Reply> {
    let (id, name) = (body.text("CheckID")?, body.text("Name")?);
    let check = Check {
        node: node.to_owned(),
        id: if id.is_empty() { name.clone() } else { id },
        name,
        status: body.text("Status")?,
        notes: body.text("Notes")?,
        output: body.text("Output")?,
        service_id: body.text("ServiceID")?,
        service_name: body.text("ServiceName")?,
        service_tags: Vec::new(),
        kind: body.text("Type")?,
    };
    body.ignore(&[
        "Node",
        "ServiceTags",
        "Definition",
        "Namespace",
        "CreateIndex",
        "ModifyIndex",
    ]);
    body.finish()?;
    Ok(check)
}
