//! The origin of a value.
//!
//! Input: an answer, and a value. Output: whether the answer contains exactly this value.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::records;
use crate::answer::Answer;
use gotemplate::record::Record;

/// The maximum depth of the search in nested lists.
const DEPTH: usize = 5;

/// Returns `true` if an answer has this text as one of its values.
pub(super) fn holds(answer: &Answer, text: &str) -> bool {
    let values = match answer {
        Answer::Key(pair) => records::list(pair.as_slice()),
        Answer::Pairs(pairs) => records::list(pairs),
        Answer::Service(instances) => records::list(instances),
        Answer::Services(services) => records::list(services),
        Answer::Node(node) => records::list(node.as_slice()),
        Answer::Nodes(nodes) => records::list(nodes),
        Answer::CaRoots(roots) => records::list(roots),
        Answer::CaLeaf(leaf) => records::list(std::slice::from_ref(leaf)),
        Answer::Partitions(partitions) => records::list(partitions),
        Answer::Peerings(peerings) => records::list(peerings),
        Answer::ExportedServices(services) => records::list(services),
        Answer::ImportedServices(services) => records::list(services),
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
