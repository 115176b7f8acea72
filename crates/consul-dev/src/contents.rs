//! Changes the data of a running server without HTTP.
//!
//! Input: keys, services, check statuses. Output: the same changes that requests of a client would
//! make, including their effect on blocking queries.

use super::catalog::casefold;
use super::kv::WriteCondition;
use super::populate;
use super::seed::Service;
use super::store::Store;

/// The handle to change the data of a server. Clones share one server.
#[derive(Clone, Debug)]
pub struct Contents {
    store: Store,
}

impl Contents {
    /// Creates a handle for this state.
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Stores a value.
    pub fn put_key(&self, key: &str, value: &str) {
        self.store
            .write(|cluster| populate::put_key(cluster.local(), key, value));
    }

    /// Deletes a key.
    pub fn delete_key(&self, key: &str) {
        self.store.write(|cluster| {
            cluster
                .local()
                .write(|kv, _, at| kv.delete(at, key, WriteCondition::Always))
        });
    }

    /// Deletes all keys below a prefix.
    pub fn delete_keys(&self, prefix: &str) {
        self.store.write(|cluster| {
            cluster
                .local()
                .write(|kv, _, at| kv.delete_below(at, prefix));
        });
    }

    /// Registers or updates an instance of a service. An unknown node is registered too.
    pub fn register(&self, service: Service) {
        self.store
            .write(|cluster| populate::register(cluster, service));
    }

    /// Removes the instance with this ID from its node.
    pub fn deregister(&self, id: &str) {
        self.store.write(|cluster| {
            cluster.deregister_instance(id);
            let dc = cluster.local();
            let of = dc
                .catalog
                .instances()
                .find(|found| casefold(&found.value.id) == casefold(id));
            if let Some(node) = of.map(|found| found.value.node.clone()) {
                dc.write(|_, catalog, at| catalog.remove_instance(at, &node, id));
            }
        });
    }

    /// Removes a node with its instances and checks.
    pub fn remove_node(&self, name: &str) {
        self.store.write(|cluster| {
            cluster
                .local()
                .write(|_, catalog, at| catalog.remove_node(at, name));
        });
    }

    /// Sets the status of a check. `id` is the check's ID, or the ID of its instance. An instance
    /// without a check gets the check `service:ID`. Returns `false` if there is no such check or
    /// instance.
    #[must_use]
    pub fn set_check(&self, id: &str, status: &str) -> bool {
        self.store
            .write(|cluster| populate::set_check(cluster, id, status))
    }

    /// Returns the server's raft index.
    pub fn index(&self) -> u64 {
        self.store
            .read(|cluster| cluster.datacenter(None).map_or(0, |dc| dc.index))
    }
}
