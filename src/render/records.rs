//! The records of answers: the fields that a template sees in a key pair, an instance or a node.
//!
//! Input: one item of an [`Answer`](crate::answer::Answer). Output: the item as a [`Record`]; names
//! and order of the fields are those of consul-template.
//!
//! A record shares its item with the answer. A field is converted to a value when a template reads it.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use crate::answer::{
    Check, Instance, Node, NodeService, NodeServices, Nullable, Pair, ServiceTags, TaggedAddress,
    Weights,
};
use gotemplate::record::{Field, Fields, NilList, Record, Schema, TypedMap};

mod definition;
mod kind;
mod mesh;

use definition::Definition;
use kind::{Kind, by_value, nil_list, nullable_texts, record, text, text_map, texts};

/// The fields of the records that a function returns, alone or in a list.
pub(super) fn of_function(name: &str) -> Option<&'static Schema> {
    match name {
        "service" | "connect" => Some(Instance::SCHEMA),
        "services" => Some(ServiceTags::SCHEMA),
        "node" => Some(NodeServices::SCHEMA),
        "nodes" => Some(Node::SCHEMA),
        "ls" | "tree" | "safe_ls" | "safe_tree" => Some(Pair::SCHEMA),
        _ => mesh::of_function(name),
    }
}

/// Returns `true` if a function returns one record instead of a list.
pub(super) fn is_single(name: &str) -> bool {
    matches!(name, "node" | "ca_leaf")
}

/// All fields of all records.
pub(super) fn all_fields() -> impl Iterator<Item = &'static Field> {
    let schemas = [
        Instance::SCHEMA,
        NodeServices::SCHEMA,
        Node::SCHEMA,
        NodeService::SCHEMA,
        ServiceTags::SCHEMA,
        Pair::SCHEMA,
    ];
    schemas
        .into_iter()
        .chain(mesh::SCHEMAS)
        .flat_map(|schema| schema.fields)
}

/// Returns `true` if a record has a field of this Go name.
pub(super) fn is_field(go: &str) -> bool {
    all_fields().any(|field| field.go == go)
}

/// The value of a key pair: a string, or bytes if it is not UTF-8.
pub(super) fn value_of(pair: &Pair) -> Value {
    pair.bytes.as_deref().map_or_else(
        || text(&pair.value),
        |bytes| Value::from_bytes(bytes.to_vec()),
    )
}

record!(Pair, "*dependency.KeyPair", |pair| {
    Path path => text(&pair.path),
    Key key => text(&pair.key),
    Value value => value_of(pair),
    CreateIndex create_index => Value::from(pair.create_index),
    ModifyIndex modify_index => Value::from(pair.modify_index),
    LockIndex lock_index => Value::from(pair.lock_index),
    Flags flags => Value::from(pair.flags),
    Session session => text(&pair.session),
});

record!(Instance, "*dependency.HealthService", |instance| {
    Node node => text(&instance.node),
    NodeID node_id => text(&instance.node_id),
    NodeAddress node_address => text(&instance.node_address),
    NodeTaggedAddresses node_tagged_addresses => text_map(&instance.node_tagged_addresses),
    NodeMeta node_meta => text_map(&instance.node_meta),
    ServiceMeta service_meta => text_map(&instance.service_meta),
    Address address => text(&instance.address),
    ServiceTaggedAddresses service_tagged_addresses => {
        let addresses = instance.service_tagged_addresses.iter();
        Value::from_object(TypedMap {
            entries: addresses.map(|(kind, address)| (kind.clone(), by_value(address))).collect(),
            zero: by_value(&TaggedAddress::default()),
            is_nil: instance.service_tagged_addresses.get().is_none(),
        })
    },
    ID id => text(&instance.id),
    Name name => text(&instance.name),
    Tags tags => texts(&instance.tags),
    Checks checks => nullable_list(&instance.checks),
    Status status => text(instance.status.as_str()),
    Port port => Value::from(instance.port),
    Weights weights => by_value(&instance.weights),
});

record!(TaggedAddress, "api.ServiceAddress", |tagged| {
    Address address => text(&tagged.address),
    Port port => Value::from(tagged.port),
});

record!(Weights, "api.AgentWeights", |weights| {
    Passing passing => Value::from(weights.passing),
    Warning warning => Value::from(weights.warning),
});

record!(Check, "*api.HealthCheck", |check| {
    Node node => text(&check.node),
    CheckID check_id => text(&check.check_id),
    Name name => text(&check.name),
    Status status => text(&check.status),
    Notes notes => text(&check.notes),
    Output output => text(&check.output),
    ServiceID service_id => text(&check.service_id),
    ServiceName service_name => text(&check.service_name),
    ServiceTags service_tags => nullable_texts(&check.service_tags),
    Type type => text(&check.kind),
    Namespace namespace (UnlessEmpty) => text(&check.namespace),
    Partition partition (UnlessEmpty) => text(&check.partition),
    ExposedPort exposed_port => Value::from(check.exposed_port),
    PeerName peer_name (UnlessEmpty) => text(&check.peer_name),
    Definition definition => by_value(&Definition(check.definition.clone())),
    CreateIndex create_index => Value::from(check.create_index),
    ModifyIndex modify_index => Value::from(check.modify_index),
});

record!(ServiceTags, "*dependency.CatalogSnippet", |service| {
    Name name => text(&service.name),
    Tags tags => texts(&service.tags),
});

record!(Node, "*dependency.Node", |node| {
    ID id => text(&node.id),
    Node node => text(&node.node),
    Address address => text(&node.address),
    Datacenter datacenter => text(&node.datacenter),
    TaggedAddresses tagged_addresses => text_map(&node.tagged_addresses),
    Meta meta => text_map(&node.meta),
});

record!(NodeServices, "*dependency.CatalogNode", |found| {
    Node node => Record::value(Arc::clone(&found.node) as _),
    Services services => list(&found.services),
});

/// A node that does not exist: a [`NodeServices`] whose node is nil.
#[derive(Debug)]
pub struct NoSuchNode;

record!(NoSuchNode, "*dependency.CatalogNode", |_none| {
    Node node => Record::nil(Node::SCHEMA),
    Services services => Value::from_object(NilList),
});

record!(NodeService, "*dependency.CatalogNodeService", |service| {
    ID id => text(&service.id),
    Service service => text(&service.service),
    Tags tags => texts(&service.tags),
    Meta meta => text_map(&service.meta),
    Port port => Value::from(service.port),
    Address address => text(&service.address),
    EnableTagOverride enable_tag_override => Value::from(service.enable_tag_override),
});

/// A list of items. Each item becomes a record when a template accesses it, so a loop creates one
/// record at a time.
#[derive(Debug)]
struct List<T>(Vec<Arc<T>>);

impl<T: Fields + 'static> Object for List<T> {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, index: &Value) -> Option<Value> {
        self.0
            .get(index.as_usize()?)
            .map(|item| Record::value(Arc::clone(item) as _))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let list = Arc::clone(self);
        Enumerator::RevIter(Box::new(
            (0..self.0.len()).map(move |index| Record::value(Arc::clone(&list.0[index]) as _)),
        ))
    }
}

/// The items of an answer as a list of records.
#[must_use]
pub fn list<T: Fields + 'static>(items: &[Arc<T>]) -> Value {
    Value::from_object(List(items.to_vec()))
}

/// A list of records that may be nil.
fn nullable_list<T: Fields + 'static>(items: &Nullable<Vec<Arc<T>>>) -> Value {
    items.get().map_or_else(nil_list, |items| list(items))
}

#[cfg(test)]
mod tests;
