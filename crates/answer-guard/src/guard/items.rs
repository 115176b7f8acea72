//! The items of an answer, and the identities of instances.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use consul_watch::answer::{Answer, Depth, Instance};

/// The identity of an instance, as a hash: a guard remembers many.
pub type InstanceId = u64;

/// The number of items of an answer that can be lost. `depth` are the entries below a prefix that
/// count; `None`: all.
#[must_use]
pub fn items(answer: &Answer, depth: Option<Depth>) -> usize {
    match (answer, depth) {
        (Answer::Pairs(pairs), Some(depth)) => pairs.iter().filter(|pair| depth.sees(pair)).count(),
        (Answer::Node(node), _) => node.as_ref().map_or(0, |node| node.services.len()),
        _ => answer.len(),
    }
}

/// The identity of an instance.
#[must_use]
pub fn instance_id(instance: &Instance) -> InstanceId {
    let mut hasher = DefaultHasher::new();
    (&instance.node, &instance.id).hash(&mut hasher);
    hasher.finish()
}

/// Returns `true` if an answer has all instances of another one.
pub(super) fn contains(answer: &Answer, other: &Answer) -> bool {
    let own: HashSet<_> = instances(answer).collect();
    instances(other).all(|id| own.contains(&id))
}

/// The identities of the instances in an answer.
pub(super) fn instances(answer: &Answer) -> impl Iterator<Item = InstanceId> {
    let instances = if let Answer::Service(instances) = answer {
        instances.as_slice()
    } else {
        &[]
    };
    instances.iter().map(|instance| instance_id(instance))
}
