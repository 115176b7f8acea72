//! The catalog's records as JSON, with Consul's fields in Consul's order.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::agent_health::InstanceHealth;
use super::kv::Entry;
use super::records::{Check, Indexed, Instance, Mesh, Node, Upstream};
use super::sessions::Session;

/// Returns a key-value entry. An empty value is `null`.
pub(crate) fn entry(key: &str, entry: &Entry) -> Value {
    let value = (!entry.value.is_empty()).then(|| STANDARD.encode(&entry.value));
    let mut fields = json!({
        "LockIndex": entry.lock_index, "Key": key, "Flags": entry.flags, "Value": value,
    });
    if let Some(session) = &entry.session {
        fields["Session"] = json!(session);
    }
    fields["CreateIndex"] = json!(entry.create);
    fields["ModifyIndex"] = json!(entry.modify);
    fields
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
    fields.insert("Proxy".into(), proxy(found, false));
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
    fields.insert("ServiceProxy".into(), proxy(found, false));
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
        Mesh::Proxy(_) => fields.insert("Proxy".into(), proxy(found, true)),
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

/// Returns a session.
pub(crate) fn session(session: &Session) -> Value {
    let service_checks: Vec<Value> = session
        .service_checks
        .iter()
        .map(|id| json!({"ID": id, "Namespace": ""}))
        .collect();
    let mut fields = json!({
        "ID": session.id, "Name": session.name, "Node": session.node,
        "LockDelay": u64::try_from(session.lock_delay.as_nanos()).unwrap_or(u64::MAX),
        "Behavior": session.behavior.name(), "TTL": session.ttl_text, "NodeChecks": session.node_checks,
        "ServiceChecks": (!service_checks.is_empty()).then_some(service_checks),
    });
    if !session.checks.is_empty() {
        fields["Checks"] = json!(session.checks);
    }
    fields["CreateIndex"] = json!(session.create);
    fields["ModifyIndex"] = json!(session.create);
    fields
}

/// Returns the health of one of the agent's instances.
pub(crate) fn instance_health(health: &InstanceHealth<'_>) -> Value {
    let checks: Vec<Value> = health
        .checks
        .iter()
        .map(|check| {
            json!({
                "Node": check.node, "CheckID": check.id, "Name": check.name, "Status": check.status,
                "Notes": check.notes, "Output": check.output, "ServiceID": check.service_id,
                "ServiceName": check.service_name,
                "ServiceTags": (!check.service_tags.is_empty()).then_some(&check.service_tags), "Type": "",
                "Definition": {
                    "Interval": "0s", "Timeout": "0s", "DeregisterCriticalServiceAfter": "0s", "HTTP": "",
                    "Header": null, "Method": "", "Body": "", "TLSSkipVerify": false, "TCP": "",
                },
                "CreateIndex": 0, "ModifyIndex": 0,
            })
        })
        .collect();
    json!({
        "AggregatedStatus": health.status, "Service": agent_instance(health.instance),
        "Checks": checks,
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
    if matches!(instance.mesh, Mesh::Proxy(_)) {
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

/// Returns the settings of a proxy. The agent leaves out more empty fields than the catalog.
fn proxy(instance: &Instance, of_agent: bool) -> Value {
    let Mesh::Proxy(proxy) = &instance.mesh else {
        return json!({"MeshGateway": {}, "Expose": {}});
    };
    let mut fields = Map::new();
    fields.insert("DestinationServiceName".into(), json!(proxy.destination));
    insert_text(&mut fields, "DestinationServiceID", &proxy.destination_id);
    insert_text(&mut fields, "LocalServiceAddress", &proxy.local_address);
    if proxy.local_port != 0 {
        fields.insert("LocalServicePort".into(), json!(proxy.local_port));
    }
    if let Some(config) = &proxy.config {
        fields.insert("Config".into(), config.clone());
    }
    if !proxy.upstreams.is_empty() {
        let upstreams = proxy
            .upstreams
            .iter()
            .map(|found| upstream(found, of_agent));
        fields.insert("Upstreams".into(), upstreams.collect());
    }
    fields.insert("MeshGateway".into(), object(proxy.mesh_gateway.as_ref()));
    fields.insert("Expose".into(), object(proxy.expose.as_ref()));
    Value::Object(fields)
}

fn upstream(found: &Upstream, of_agent: bool) -> Value {
    let mut fields = Map::new();
    fields.insert("DestinationType".into(), json!(found.kind));
    fields.insert("DestinationName".into(), json!(found.name));
    if !of_agent || !found.datacenter.is_empty() {
        fields.insert("Datacenter".into(), json!(found.datacenter));
    }
    insert_text(&mut fields, "LocalBindAddress", &found.bind_address);
    fields.insert("LocalBindPort".into(), json!(found.bind_port));
    if !of_agent || found.config.is_some() {
        fields.insert("Config".into(), json!(found.config));
    }
    fields.insert("MeshGateway".into(), object(found.mesh_gateway.as_ref()));
    Value::Object(fields)
}

fn object(value: Option<&Value>) -> Value {
    value.cloned().unwrap_or_else(|| json!({}))
}

fn insert_text(fields: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        fields.insert(name.to_owned(), json!(text));
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
