//! All state of the server: the datacenters it stands for, and its own agent.
//!
//! in:  writes, each of which is one step of a datacenter's raft log
//! out: the datacenters as they are

use std::collections::BTreeMap;

use super::agent::Agent;
use super::catalog::Catalog;
use super::kv::Kv;
use super::ledger::Ledger;
use super::records::{Check, Instance, Node};

/// The index a server is at when it has elected itself and written itself down.
const FIRST_INDEX: u64 = 5;

/// One datacenter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Datacenter {
    /// Its name.
    pub(crate) name: String,
    /// The raft index: how many writes there were, changes or not.
    pub(crate) index: u64,
    /// The key-value store.
    pub(crate) kv: Kv,
    /// The catalog.
    pub(crate) catalog: Catalog,
    /// What was written when.
    pub(crate) ledger: Ledger,
}

impl Datacenter {
    /// Takes the next step of the log and writes at it.
    pub(crate) fn write<R>(
        &mut self,
        change: impl FnOnce(&mut Kv, &mut Catalog, (u64, &mut Ledger)) -> R,
    ) -> R {
        self.index += 1;
        change(
            &mut self.kv,
            &mut self.catalog,
            (self.index, &mut self.ledger),
        )
    }
}

/// Who the server is.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The agent's node name.
    pub(crate) node: String,
    /// The agent's node ID.
    pub(crate) node_id: String,
    /// The datacenter it is in.
    pub(crate) datacenter: String,
    /// The address other programs reach it at.
    pub(crate) address: String,
    /// The port its RPC would be at; only shown.
    pub(crate) rpc_port: u16,
}

/// Everything the server knows.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// Who the server is.
    pub(crate) identity: Identity,
    /// All datacenters, the own one included.
    pub(crate) datacenters: BTreeMap<String, Datacenter>,
    /// The agent's own services and checks.
    pub(crate) agent: Agent,
    /// Counts how often everything was replaced; a waiting query answers at once when it changes.
    pub(crate) epoch: u64,
}

impl World {
    /// A server that has just elected itself, with nothing else in its catalog.
    pub(crate) fn new(identity: Identity) -> Self {
        let mut dc = Datacenter {
            name: identity.datacenter.clone(),
            index: FIRST_INDEX - 1,
            ..Datacenter::default()
        };
        let node = own_node(&identity);
        dc.write(|_, catalog, (index, ledger)| {
            catalog.put_node((index, ledger), node);
            catalog.put_instance((index, ledger), own_service(&identity));
            let stored = catalog.put_check((index, ledger), serf_health(&identity.node));
            debug_assert!(stored.is_ok(), "the own node was registered a line above");
        });
        let datacenters = BTreeMap::from([(identity.datacenter.clone(), dc)]);
        Self {
            identity,
            datacenters,
            agent: Agent::default(),
            epoch: 0,
        }
    }

    /// The datacenter the server is in.
    pub(crate) fn local(&mut self) -> &mut Datacenter {
        let name = self.identity.datacenter.clone();
        self.datacenters
            .entry(name.clone())
            .or_insert_with(|| Datacenter {
                name,
                ..Datacenter::default()
            })
    }

    /// The datacenter with this name; none means the own one.
    pub(crate) fn datacenter(&self, name: Option<&str>) -> Option<&Datacenter> {
        self.datacenters
            .get(name.unwrap_or(&self.identity.datacenter))
    }

    /// The same, for writing.
    pub(crate) fn datacenter_mut(&mut self, name: Option<&str>) -> Option<&mut Datacenter> {
        self.datacenters
            .get_mut(name.unwrap_or(&self.identity.datacenter))
    }

    /// Loses everything, as a `-dev` agent does that is restarted.
    pub(crate) fn forget(&mut self) {
        *self = Self {
            epoch: self.epoch + 1,
            ..Self::new(self.identity.clone())
        };
    }

    /// Lowers every index of the own datacenter to this one at most, keeping the data.
    pub(crate) fn rewind(&mut self, to: u64) {
        self.epoch += 1;
        let dc = self.local();
        dc.index = dc.index.min(to);
        dc.kv.rewind(to);
        dc.catalog.rewind(to);
        dc.ledger = Ledger::default();
    }
}

fn own_node(identity: &Identity) -> Node {
    let address = &identity.address;
    let tagged =
        ["lan", "lan_ipv4", "wan", "wan_ipv4"].map(|name| (name.to_owned(), address.clone()));
    Node {
        id: identity.node_id.clone(),
        name: identity.node.clone(),
        address: address.clone(),
        tagged: tagged.into(),
        meta: BTreeMap::from([("consul-network-segment".to_owned(), String::new())]),
    }
}

fn own_service(identity: &Identity) -> Instance {
    let meta = [
        ("non_voter", "false"),
        ("raft_version", "3"),
        ("serf_protocol_current", "2"),
        ("serf_protocol_max", "5"),
        ("serf_protocol_min", "1"),
        ("version", "1.8.7"),
    ];
    Instance {
        node: identity.node.clone(),
        id: "consul".into(),
        name: "consul".into(),
        port: i64::from(identity.rpc_port),
        meta: meta
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        ..Instance::default()
    }
}

/// The check every node that runs an agent has.
pub(crate) fn serf_health(node: &str) -> Check {
    Check {
        node: node.to_owned(),
        id: "serfHealth".into(),
        name: "Serf Health Status".into(),
        status: "passing".into(),
        output: "Agent alive and reachable".into(),
        ..Check::default()
    }
}
