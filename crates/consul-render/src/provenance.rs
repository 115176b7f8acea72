//! The origin of a value.
//!
//! Input: an answer, and a value. Output: whether the answer contains exactly this value.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::records::{self, Kind, Reads};
use consul_watch::answer::Answer;
use gotemplate::record::Record;

/// The maximum depth of the search in nested lists.
const DEPTH: usize = 5;

/// Returns `true` if an answer has this text as one of its values.
pub(super) fn holds(answer: &Answer, text: &str) -> bool {
    let values = match answer {
        Answer::Key(pair) => whole(pair.as_slice()),
        Answer::Pairs(pairs) => whole(pairs),
        Answer::Service(instances) => whole(instances),
        Answer::Services(services) => whole(services),
        Answer::Node(node) => whole(node.as_slice()),
        Answer::Nodes(nodes) => whole(nodes),
        Answer::CaRoots(roots) => whole(roots),
        Answer::CaLeaf(leaf) => whole(std::slice::from_ref(leaf)),
        Answer::Partitions(partitions) => whole(partitions),
        Answer::Peerings(peerings) => whole(peerings),
        Answer::ExportedServices(services) => whole(services),
        Answer::ImportedServices(services) => whole(services),
        Answer::Plugin(printed) => {
            return printed
                .as_ref()
                .is_ok_and(|printed| printed.as_ref() == text);
        }
        Answer::Datacenters(names) => return names.iter().any(|name| name == text),
        Answer::File(content) => return content.as_ref() == text,
    };
    holds_at(&values, text, DEPTH)
}

/// The items as records.
fn whole<T: Kind + 'static>(items: &[Arc<T>]) -> Value {
    records::list(items, &Reads::default())
}

fn holds_at(value: &Value, text: &str, depth: usize) -> bool {
    if let Some(own) = value.as_str() {
        return own == text;
    }
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    if let Some(record) = value.downcast_object_ref::<Record>() {
        return record
            .fields()
            .any(|(_, field)| holds_at(&field, text, depth));
    }
    let Ok(mut items) = value.try_iter() else {
        return false;
    };
    match value.kind() {
        ValueKind::Map => items.any(|key| {
            holds_at(&key, text, depth)
                || value
                    .get_item(&key)
                    .is_ok_and(|entry| holds_at(&entry, text, depth))
        }),
        ValueKind::Seq => items.any(|item| holds_at(&item, text, depth)),
        _ => false,
    }
}
