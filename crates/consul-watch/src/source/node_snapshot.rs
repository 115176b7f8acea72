//! What is registered at a node, kept small: enough to tell which services have changed.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The instances at a node at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSnapshot {
    /// The index of the last change of the node itself, such as that of its address.
    pub index: u64,
    /// The instances, sorted.
    pub instances: Box<[InstanceIndex]>,
    /// The size of the answer in bytes.
    pub bytes: usize,
}

/// An instance with the index of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstanceIndex {
    /// The fingerprint of the instance's ID.
    pub id: u64,
    /// The fingerprint of the service's name.
    pub service: u64,
    /// The index of its last change.
    pub index: u64,
}

/// A number that stands for a name. Two names with the same one are improbable, and cause a useless request at worst.
#[must_use]
pub(crate) fn fingerprint(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

impl NodeSnapshot {
    /// Creates a snapshot of instances in any order.
    #[must_use]
    pub fn new(index: u64, mut instances: Vec<InstanceIndex>, bytes: usize) -> Self {
        instances.sort_unstable();
        Self {
            index,
            instances: instances.into(),
            bytes,
        }
    }

    /// The fingerprints of all services.
    pub fn services(&self) -> impl Iterator<Item = u64> {
        self.instances.iter().map(|instance| instance.service)
    }

    /// The fingerprints of the services that differ from those of an earlier snapshot.
    #[must_use]
    pub(crate) fn changed_since(&self, earlier: &Self) -> BTreeSet<u64> {
        if self.index != earlier.index {
            return self.services().chain(earlier.services()).collect();
        }
        let lacks = |all: &Self, one: &InstanceIndex| all.instances.binary_search(one).is_err();
        let new = self.instances.iter().filter(|one| lacks(earlier, one));
        let gone = earlier.instances.iter().filter(|one| lacks(self, one));
        new.chain(gone).map(|one| one.service).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(index: u64, instances: &[(&str, &str, u64)]) -> NodeSnapshot {
        let instances = instances.iter().map(|(id, service, index)| InstanceIndex {
            id: fingerprint(id),
            service: fingerprint(service),
            index: *index,
        });
        NodeSnapshot::new(index, instances.collect(), 0)
    }

    fn changed(before: &[(&str, &str, u64)], after: &[(&str, &str, u64)]) -> Vec<u64> {
        let changed = snapshot(1, after).changed_since(&snapshot(1, before));
        changed.into_iter().collect()
    }

    #[test]
    fn services_that_were_added_removed_or_changed_differ() {
        let before = [("w1", "web", 5), ("d1", "db", 6)];
        assert!(changed(&before, &before).is_empty());
        let added = [("d1", "db", 6), ("w1", "web", 5), ("w2", "web", 9)];
        assert_eq!(changed(&before, &added), [fingerprint("web")]);
        assert_eq!(changed(&before, &before[..1]), [fingerprint("db")]);
        let other_port = [("w1", "web", 8), ("d1", "db", 6)];
        assert_eq!(changed(&before, &other_port), [fingerprint("web")]);
        let renamed = [("w1", "www", 8), ("d1", "db", 6)];
        let both = BTreeSet::from(["web", "www"].map(fingerprint));
        assert_eq!(changed(&before, &renamed), Vec::from_iter(both));
    }

    #[test]
    fn all_services_differ_when_the_node_itself_has_changed() {
        let instances = [("w1", "web", 5), ("d1", "db", 6)];
        let changed = snapshot(2, &instances).changed_since(&snapshot(1, &instances));
        assert_eq!(changed, BTreeSet::from(["web", "db"].map(fingerprint)));
    }
}
