//! The catalog's records as JSON, with Consul's fields in Consul's order.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::kv::Entry;
use super::records::{Check, Indexed, Instance, Mesh, Node};

/// Returns a key-value entry. An empty value is `null`.
pub(crate) fn entry(key: &str, entry: &Entry) -> Value {
    let value = (!entry.value.is_empty()).then(|| STANDARD.encode(&entry.value));
    json!({
        "LockIndex": 0, "Key": key, "Flags": entry.flags, "Value": value,
        "CreateIndex": entry.create, "ModifyIndex": entry.modify,
    })
}

/// Returns a node in the form of `/v1/catalog/nodes` and the health endpoints.
pub(crate) fn node(node: &Indexed<Node>, datacenter: &str) -> Value {
    let Node {
        id,
        name,
        address,
        tagged,
        meta,
    } = &node.value;
    json!({
        "ID": id, "Node": name, "Address": address, "Datacenter": datacenter,
        "TaggedAddresses": null_if_empty(tagged), "Meta": null_if_empty(meta),
        "CreateIndex": node.create, "ModifyIndex": node.modify,
    })
}

/// Returns an instance in the form of the health endpoints and `/v1/catalog/node`.
pub(crate) fn instance(instance: &Indexed<Instance>) -> Value {
    let found = &instance.value;
    let mut fields = Map::new();
    insert_kind(&mut fields, "Kind", found);
    fields.insert("ID".into(), json!(found.id));
    fields.insert("Service".into(), json!(found.name));
    fields.insert("Tags".into(), json!(found.tags));
    fields.insert("Address".into(), json!(found.address));
    insert_tagged(&mut fields, "TaggedAddresses", found);
    fields.insert("Meta".into(), null_if_empty(&found.meta));
    fields.insert("Port".into(), json!(found.port));
    fields.insert("Weights".into(), weights(found));
    fields.insert("EnableTagOverride".into(), json!(found.enable_tag_override));
    fields.insert("Proxy".into(), proxy(found));
    fields.insert("Connect".into(), connect(found));
    fields.insert("CreateIndex".into(), json!(instance.create));
    fields.insert("ModifyIndex".into(), json!(instance.modify));
    Value::Object(fields)
}

/// Returns an instance with its node in the form of `/v1/catalog/service`.
pub(crate) fn catalog_instance(
    instance: &Indexed<Instance>,
    node: &Indexed<Node>,
    datacenter: &str,
) -> Value {
    let found = &instance.value;
    let Node {
        id,
        name,
        address,
        tagged,
        meta,
    } = &node.value;
    let mut fields = Map::new();
    fields.insert("ID".into(), json!(id));
    fields.insert("Node".into(), json!(name));
    fields.insert("Address".into(), json!(address));
    fields.insert("Datacenter".into(), json!(datacenter));
    fields.insert("TaggedAddresses".into(), null_if_empty(tagged));
    fields.insert("NodeMeta".into(), null_if_empty(meta));
    fields.insert("ServiceKind".into(), json!(kind(found)));
    fields.insert("ServiceID".into(), json!(found.id));
    fields.insert("ServiceName".into(), json!(found.name));
    fields.insert("ServiceTags".into(), json!(found.tags));
    fields.insert("ServiceAddress".into(), json!(found.address));
    insert_tagged(&mut fields, "ServiceTaggedAddresses", found);
    fields.insert("ServiceWeights".into(), weights(found));
    fields.insert("ServiceMeta".into(), json!(found.meta));
    fields.insert("ServicePort".into(), json!(found.port));
    fields.insert(
        "ServiceEnableTagOverride".into(),
        json!(found.enable_tag_override),
    );
    fields.insert("ServiceProxy".into(), proxy(found));
    fields.insert("ServiceConnect".into(), connect(found));
    fields.insert("CreateIndex".into(), json!(instance.create));
    fields.insert("ModifyIndex".into(), json!(instance.modify));
    Value::Object(fields)
}

/// Returns an instance in the form of `/v1/agent/services`.
pub(crate) fn agent_instance(found: &Instance) -> Value {
    let mut fields = Map::new();
    insert_kind(&mut fields, "Kind", found);
    fields.insert("ID".into(), json!(found.id));
    fields.insert("Service".into(), json!(found.name));
    fields.insert("Tags".into(), json!(found.tags));
    fields.insert("Meta".into(), json!(found.meta));
    fields.insert("Port".into(), json!(found.port));
    fields.insert("Address".into(), json!(found.address));
    insert_tagged(&mut fields, "TaggedAddresses", found);
    fields.insert("Weights".into(), weights(found));
    fields.insert("EnableTagOverride".into(), json!(found.enable_tag_override));
    match found.mesh {
        Mesh::None => None,
        Mesh::Native => fields.insert("Connect".into(), connect(found)),
        Mesh::ProxyOf(_) => fields.insert("Proxy".into(), proxy(found)),
    };
    Value::Object(fields)
}

/// Returns a check.
pub(crate) fn check(check: &Indexed<Check>) -> Value {
    let found = &check.value;
    json!({
        "Node": found.node, "CheckID": found.id, "Name": found.name, "Status": found.status, "Notes": found.notes,
        "Output": found.output, "ServiceID": found.service_id, "ServiceName": found.service_name,
        "ServiceTags": found.service_tags, "Type": found.kind, "Definition": {},
        "CreateIndex": check.create, "ModifyIndex": check.modify,
    })
}

/// Returns the names of services, each with the tags of all its instances.
pub(crate) fn services<'a>(instances: impl Iterator<Item = &'a Indexed<Instance>>) -> Value {
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut tags: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for found in instances {
        let known = names.entry(&found.value.name).or_default();
        let listed = tags.entry(&found.value.name).or_default();
        for tag in &found.value.tags {
            if known.insert(tag) {
                listed.push(tag);
            }
        }
    }
    json!(tags)
}

fn weights(instance: &Instance) -> Value {
    json!({"Passing": instance.weights.passing, "Warning": instance.weights.warning})
}

fn kind(instance: &Instance) -> &'static str {
    if matches!(instance.mesh, Mesh::ProxyOf(_)) {
        "connect-proxy"
    } else {
        ""
    }
}

fn insert_kind(fields: &mut Map<String, Value>, name: &str, instance: &Instance) {
    let kind = kind(instance);
    if !kind.is_empty() {
        fields.insert(name.to_owned(), json!(kind));
    }
}

fn proxy(instance: &Instance) -> Value {
    match &instance.mesh {
        Mesh::ProxyOf(service) => {
            json!({"DestinationServiceName": service, "MeshGateway": {}, "Expose": {}})
        }
        Mesh::None | Mesh::Native => json!({"MeshGateway": {}, "Expose": {}}),
    }
}

fn connect(instance: &Instance) -> Value {
    if instance.mesh == Mesh::Native {
        json!({"Native": true})
    } else {
        json!({})
    }
}

fn insert_tagged(fields: &mut Map<String, Value>, name: &str, instance: &Instance) {
    if instance.tagged.is_empty() {
        return;
    }
    let pairs = instance.tagged.iter();
    let tagged: Map<String, Value> = pairs
        .map(|(name, (address, port))| (name.clone(), json!({"Address": address, "Port": port})))
        .collect();
    fields.insert(name.to_owned(), Value::Object(tagged));
}

fn null_if_empty(map: &BTreeMap<String, String>) -> Value {
    if map.is_empty() {
        Value::Null
    } else {
        json!(map)
    }
}
