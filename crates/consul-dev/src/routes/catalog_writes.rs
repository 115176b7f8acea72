//! `/v1/catalog/`: registration and deregistration without the agent.

use serde_json::json;

use crate::fields::Fields;
use crate::outcome::{Handled, Outcome};
use crate::records::{Check, Instance, Node};
use crate::reply::Reply;
use crate::request::Request;
use crate::service_fields::{MeshRole, tagged_addresses, weights};
use crate::store::Store;

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
    if instance
        .as_ref()
        .is_some_and(|instance| instance.name.is_empty())
    {
        return Err(Reply::text(500, "Must provide service name with ID"));
    }
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

/// Reads an instance of a service on a node.
pub(super) fn read_instance(value: serde_json::Value, node: &str) -> Result<Instance, Reply> {
    let mut body = Fields::of(value, "NodeService")?;
    let (id, name) = (body.text("ID")?, body.text("Service")?);
    let instance = Instance {
        node: node.to_owned(),
        id: if id.is_empty() { name.clone() } else { id },
        name,
        tags: body.texts("Tags")?,
        address: body.text("Address")?,
        port: body.number("Port")?.unwrap_or(0),
        tagged: tagged_addresses(&mut body)?,
        meta: body.pairs("Meta")?,
        weights: weights(&mut body)?,
        enable_tag_override: body.boolean("EnableTagOverride")?,
        mesh: MeshRole::read(&mut body)?.mesh(),
    };
    body.ignore(&["Namespace", "CreateIndex", "ModifyIndex"]);
    body.finish()?;
    Ok(instance)
}

/// Reads a check of a node.
pub(super) fn read_check(mut body: Fields, node: &str) -> Result<Check, Reply> {
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
