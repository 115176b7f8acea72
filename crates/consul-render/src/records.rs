//! The records of answers: the fields that a template sees in a key pair, an instance or a node.
//!
//! Input: one item of an [`Answer`](consul_watch::answer::Answer). Output: the item as a [`Record`]; names
//! and order of the fields are those of consul-template.
//!
//! A record shares its item with the answer. A field is converted to a value when a template reads it, and marked as
//! read. Everything that sees a record as a whole, such as printing or comparing it, reads its fields one by one.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use consul_watch::answer::{
    Check, Instance, Node, NodeService, NodeServices, Nullable, Pair, ServiceTags, TaggedAddress,
    Weights,
};
use gotemplate::record::{Field, NilList, Record, RecordList, Schema, TypedMap};

mod definition;
mod kind;
mod mesh;
mod reads;

pub use kind::{Kind, unmarked};
pub use reads::{FieldSet, Reads};

use definition::Definition;
use kind::{by_value, nil_list, nullable_texts, record, text, text_map, texts};

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

/// The value of a key pair, marked as read.
pub(super) fn value_of(pair: &Pair, reads: &Reads) -> Value {
    reads.mark(VALUE);
    value(pair)
}

/// The index of the field of [`Pair`] with its value.
const VALUE: usize = 2;

/// The value of a key pair: a string, or bytes if it is not UTF-8.
fn value(pair: &Pair) -> Value {
    pair.bytes.as_deref().map_or_else(
        || text(&pair.value),
        |bytes| Value::from_bytes(bytes.to_vec()),
    )
}

record!(Pair, "*dependency.KeyPair", |pair, reads| {
    Path path [path] => text(&pair.path),
    Key key [key] => text(&pair.key),
    Value value [value bytes] => value(pair),
    CreateIndex create_index [create_index] => Value::from(pair.create_index),
    ModifyIndex modify_index [modify_index] => Value::from(pair.modify_index),
    LockIndex lock_index [lock_index] => Value::from(pair.lock_index),
    Flags flags [flags] => Value::from(pair.flags),
    Session session [session] => text(&pair.session),
});

record!(Instance, "*dependency.HealthService", |instance, reads| {
    Node node [node] => text(&instance.node),
    NodeID node_id [node_id] => text(&instance.node_id),
    NodeAddress node_address [node_address] => text(&instance.node_address),
    NodeTaggedAddresses node_tagged_addresses [node_tagged_addresses] => text_map(&instance.node_tagged_addresses),
    NodeMeta node_meta [node_meta] => text_map(&instance.node_meta),
    ServiceMeta service_meta [service_meta] => text_map(&instance.service_meta),
    Address address [address] => text(&instance.address),
    ServiceTaggedAddresses service_tagged_addresses [service_tagged_addresses] => {
        let addresses = instance.service_tagged_addresses.iter();
        Value::from_object(TypedMap {
            entries: addresses.map(|(kind, address)| (kind.clone(), by_value(address))).collect(),
            zero: by_value(&TaggedAddress::default()),
            is_nil: instance.service_tagged_addresses.get().is_none(),
        })
    },
    ID id [id] => text(&instance.id),
    Name name [name] => text(&instance.name),
    Tags tags [tags] => texts(&instance.tags),
    Checks checks [= have_same_checks] => nullable_list(&instance.checks, &reads.nested(CHECK)),
    Status status [status] => text(instance.status.as_str()),
    Port port [port] => Value::from(instance.port),
    Weights weights [weights] => by_value(&instance.weights),
});

record!(TaggedAddress, "api.ServiceAddress", |tagged, reads| {
    Address address [address] => text(&tagged.address),
    Port port [port] => Value::from(tagged.port),
});

record!(Weights, "api.AgentWeights", |weights, reads| {
    Passing passing [passing] => Value::from(weights.passing),
    Warning warning [warning] => Value::from(weights.warning),
});

record!(Check, "*api.HealthCheck", |check, reads| {
    Node node [node] => text(&check.node),
    CheckID check_id [check_id] => text(&check.check_id),
    Name name [name] => text(&check.name),
    Status status [status] => text(&check.status),
    Notes notes [notes] => text(&check.notes),
    Output output [output] => text(&check.output),
    ServiceID service_id [service_id] => text(&check.service_id),
    ServiceName service_name [service_name] => text(&check.service_name),
    ServiceTags service_tags [service_tags] => nullable_texts(&check.service_tags),
    Type type [kind] => text(&check.kind),
    Namespace namespace (UnlessEmpty) [namespace] => text(&check.namespace),
    Partition partition (UnlessEmpty) [partition] => text(&check.partition),
    ExposedPort exposed_port [exposed_port] => Value::from(check.exposed_port),
    PeerName peer_name (UnlessEmpty) [peer_name] => text(&check.peer_name),
    Definition definition [definition] => by_value(&Definition(check.definition.clone())),
    CreateIndex create_index [create_index] => Value::from(check.create_index),
    ModifyIndex modify_index [modify_index] => Value::from(check.modify_index),
});

record!(ServiceTags, "*dependency.CatalogSnippet", |service, reads| {
    Name name [name] => text(&service.name),
    Tags tags [tags] => texts(&service.tags),
});

record!(Node, "*dependency.Node", |node, reads| {
    ID id [id] => text(&node.id),
    Node node [node] => text(&node.node),
    Address address [address] => text(&node.address),
    Datacenter datacenter [datacenter] => text(&node.datacenter),
    TaggedAddresses tagged_addresses [tagged_addresses] => text_map(&node.tagged_addresses),
    Meta meta [meta] => text_map(&node.meta),
});

record!(NodeServices, "*dependency.CatalogNode", |found, reads| {
    Node node [= are_of_same_node] => single(&found.node, &reads.nested(NODE)),
    Services services [= have_same_services] => list(&found.services, &reads.nested(NODE_SERVICE)),
});

/// A node that does not exist: a [`NodeServices`] whose node is nil.
#[derive(Debug)]
pub(crate) struct NoSuchNode;

record!(NoSuchNode, "*dependency.CatalogNode", |_, reads| {
    Node node [= true] => Record::nil(Node::SCHEMA),
    Services services [= true] => Value::from_object(NilList),
});

record!(NodeService, "*dependency.CatalogNodeService", |service, reads| {
    ID id [id] => text(&service.id),
    Service service [service] => text(&service.service),
    Tags tags [tags] => texts(&service.tags),
    Meta meta [meta] => text_map(&service.meta),
    Port port [port] => Value::from(service.port),
    Address address [address] => text(&service.address),
    EnableTagOverride enable_tag_override [enable_tag_override] => Value::from(service.enable_tag_override),
});

/// The numbers of the first fields of nested records in a [`FieldSet`]. Those of the other nested records, for example
/// the weights, are not told apart: they are compared with the field that holds them.
const CHECK: u8 = 16;
const NODE: u8 = 8;
const NODE_SERVICE: u8 = 16;

fn have_same_checks(a: &Instance, b: &Instance, read: FieldSet) -> bool {
    match (a.checks.get(), b.checks.get()) {
        (Some(a), Some(b)) => are_same(a, b, read.nested(CHECK)),
        (a, b) => a.is_none() && b.is_none(),
    }
}

fn are_of_same_node(a: &NodeServices, b: &NodeServices, read: FieldSet) -> bool {
    is_same(&a.node, &b.node, read.nested(NODE))
}

fn have_same_services(a: &NodeServices, b: &NodeServices, read: FieldSet) -> bool {
    are_same(&a.services, &b.services, read.nested(NODE_SERVICE))
}

/// Returns `true` if the fields that are read are the same in two items.
pub(super) fn is_same<T: Kind>(a: &Arc<T>, b: &Arc<T>, read: FieldSet) -> bool {
    Arc::ptr_eq(a, b)
        || read
            .indexes(T::SCHEMA.fields.len())
            .all(|index| a.is_same_field(b, index, read))
}

/// Returns `true` if two lists have the same length, and the fields that are read are the same in all items.
pub(super) fn are_same<'a, T: Kind + 'a>(
    a: impl IntoIterator<Item = &'a Arc<T>>,
    b: impl IntoIterator<Item = &'a Arc<T>>,
    read: FieldSet,
) -> bool {
    let (mut a, mut b) = (a.into_iter(), b.into_iter());
    loop {
        match (a.next(), b.next()) {
            (Some(a), Some(b)) if is_same(a, b, read) => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// Items of an answer, whose fields become values when a template reads them.
#[derive(Debug)]
struct List<T> {
    items: Vec<Arc<T>>,
    reads: Reads,
}

impl<T: Kind + 'static> RecordList for List<T> {
    fn schema(&self) -> &'static Schema {
        T::SCHEMA
    }

    fn get(&self, record: usize, index: usize) -> Value {
        self.reads.mark(index);
        self.items
            .get(record)
            .map_or(Value::UNDEFINED, |item| item.field(index, &self.reads))
    }
}

impl<T: Kind + 'static> Object for List<T> {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, index: &Value) -> Option<Value> {
        let number = index
            .as_usize()
            .filter(|number| *number < self.items.len())?;
        Some(Record::of_list(Arc::clone(self) as _, number))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let list = Arc::clone(self);
        Enumerator::RevIter(Box::new(
            (0..self.items.len())
                .map(move |number| Record::of_list(Arc::clone(&list) as _, number)),
        ))
    }
}

/// The items of an answer as a list of records, which mark the fields that are read.
#[must_use]
pub fn list<T: Kind + 'static>(items: &[Arc<T>], reads: &Reads) -> Value {
    Value::from_object(List {
        items: items.to_vec(),
        reads: reads.clone(),
    })
}

/// An item of an answer as a record, which marks the fields that are read.
#[must_use]
pub(crate) fn single<T: Kind + 'static>(item: &Arc<T>, reads: &Reads) -> Value {
    let list = List {
        items: vec![Arc::clone(item)],
        reads: reads.clone(),
    };
    Record::of_list(Arc::new(list), 0)
}

/// A list of records that may be nil.
fn nullable_list<T: Kind + 'static>(items: &Nullable<Vec<Arc<T>>>, reads: &Reads) -> Value {
    items
        .get()
        .map_or_else(nil_list, |items| list(items, reads))
}

#[cfg(test)]
mod tests;
