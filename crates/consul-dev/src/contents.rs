//! Changes the data of a running server without HTTP.
//!
//! Input: keys, services, check statuses. Output: the same changes that requests of a client would
//! make, including their effect on blocking queries.

use std::fmt;

use super::catalog::casefold;
use super::cluster_state::Datacenter;
use super::kv::WriteCondition;
use super::populate;
use super::seed::Service;
use super::store::Store;

/// What a server holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The number of services in all datacenters, without the servers' own.
    pub services: usize,
    /// The number of keys in all datacenters.
    pub keys: usize,
    /// The names of the datacenters, the server's own first.
    pub datacenters: Vec<String>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let (services, keys) = (self.services, self.keys);
        let names = self.datacenters.join(", ");
        write!(
            f,
            "{services} service{} and {keys} key{} in datacenter{} {names}",
            plural(services),
            plural(keys),
            plural(self.datacenters.len())
        )
    }
}

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

    /// Returns what the server holds, without its own service `consul`.
    pub fn summary(&self) -> Summary {
        self.store.read(|cluster| {
            let all = || cluster.datacenters.values();
            let own = &cluster.identity.datacenter;
            let others = cluster.datacenters.keys().filter(|name| *name != own);
            let names = |dc: &Datacenter| {
                let names = dc.catalog.services().keys();
                names.filter(|name| *name != "consul").count()
            };
            Summary {
                services: all().map(names).sum(),
                keys: all().map(|dc| dc.kv.entries().len()).sum(),
                datacenters: std::iter::once(own).chain(others).cloned().collect(),
            }
        })
    }

    /// Returns the server's raft index.
    pub fn index(&self) -> u64 {
        self.store
            .read(|cluster| cluster.datacenter(None).map_or(0, |dc| dc.index))
    }
}
