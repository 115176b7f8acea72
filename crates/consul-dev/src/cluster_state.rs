//! The state of the server: its datacenters and its own agent.
//!
//! Input: writes, each at one index of a datacenter's raft log. Output: the state of the
//! datacenters.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::Catalog;
use super::certificates::Authority;
use super::check_method::CheckRun;
use super::ids;
use super::kv::Kv;
use super::records::{Check, Instance, Node};
use super::sessions::{Behavior, Session, SessionError, Sessions};
use super::write_index::WriteIndex;

/// The raft index after the server's election and its own registration.
const FIRST_INDEX: u64 = 5;

/// One datacenter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Datacenter {
    /// The name.
    pub(crate) name: String,
    /// The raft index: the number of writes, including those without effect.
    pub(crate) index: u64,
    /// The key-value store.
    pub(crate) kv: Kv,
    /// The catalog.
    pub(crate) catalog: Catalog,
    /// The sessions.
    pub(crate) sessions: Sessions,
    /// The certificate authority of the mesh; created with its first use.
    pub(crate) authority: Option<Authority>,
    /// The index at which each name was last written.
    pub(crate) writes: WriteIndex,
}

impl Datacenter {
    /// Makes a change at the next raft index. Sessions whose node or checks fail by it end.
    pub(crate) fn write<R>(
        &mut self,
        change: impl FnOnce(&mut Kv, &mut Catalog, (u64, &mut WriteIndex)) -> R,
    ) -> R {
        self.index += 1;
        let result = change(
            &mut self.kv,
            &mut self.catalog,
            (self.index, &mut self.writes),
        );
        self.end_broken_sessions();
        result
    }

    /// Ends the sessions whose node or checks failed.
    pub(crate) fn end_broken_sessions(&mut self) {
        for id in self.sessions.broken(&self.catalog) {
            self.end_session(&id);
        }
    }

    /// Creates a session at the next raft index.
    pub(crate) fn create_session(&mut self, session: Session) -> Result<String, SessionError> {
        self.index += 1;
        session.validate(&self.catalog)?;
        let session = Session {
            id: ids::random(),
            create: self.index,
            stamp: ids::stamp(),
            ..session
        };
        let id = session.id.clone();
        self.sessions
            .insert((self.index, &mut self.writes), session);
        Ok(id)
    }

    /// Ends a session at the next raft index; does nothing if there is none.
    pub(crate) fn destroy_session(&mut self, id: &str) {
        self.index += 1;
        self.end_session(id);
    }

    fn end_session(&mut self, id: &str) {
        let removed = self.sessions.remove((self.index, &mut self.writes), id);
        if let Some(session) = removed {
            let delete = session.behavior == Behavior::Delete;
            let at = (self.index, &mut self.writes);
            let keys = self.kv.end_session(at, id, delete);
            self.sessions.delay(keys, session.lock_delay);
        }
    }
}

/// The registrations of the agent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agent {
    /// Instances by ID.
    pub(crate) instances: BTreeMap<String, Instance>,
    /// Checks by ID, as the agent knows them; their output in the catalog may be older.
    pub(crate) checks: BTreeMap<String, Check>,
    /// The progress of the checks that have a definition, by ID.
    pub(crate) runs: BTreeMap<String, CheckRun>,
    /// IDs of the sidecar proxies that were registered with an instance. They end with it.
    pub(crate) sidecars: BTreeSet<String>,
}

/// The identity of the server.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The agent's node name.
    pub(crate) node: String,
    /// The agent's node ID.
    pub(crate) node_id: String,
    /// The server's own datacenter.
    pub(crate) datacenter: String,
    /// The address that the server listens on.
    pub(crate) address: String,
    /// The ports of the RPC service and of gossip in the datacenter and between datacenters. They
    /// are shown in answers, but nothing listens on them.
    pub(crate) rpc_port: u16,
    pub(crate) lan_port: u16,
    pub(crate) wan_port: u16,
}

#[cfg(test)]
impl Identity {
    /// The identity of a server in tests: node `n1` in `dc1`.
    pub(crate) fn of_tests() -> Self {
        Self {
            node: "n1".into(),
            node_id: String::new(),
            datacenter: "dc1".into(),
            address: "127.0.0.1".into(),
            rpc_port: 1,
            lan_port: 2,
            wan_port: 3,
        }
    }
}

/// All state of the server.
#[derive(Clone, Debug)]
pub(crate) struct ClusterState {
    /// The identity of the server.
    pub(crate) identity: Identity,
    /// All datacenters, including the server's own.
    pub(crate) datacenters: BTreeMap<String, Datacenter>,
    /// The agent's own services and checks.
    pub(crate) agent: Agent,
    /// The number of times that all state was replaced. A change answers all waiting queries.
    pub(crate) epoch: u64,
}

impl ClusterState {
    /// Creates the state of a server after its election; the catalog contains only the server.
    pub(crate) fn new(identity: Identity) -> Self {
        let mut dc = Datacenter {
            name: identity.datacenter.clone(),
            index: FIRST_INDEX - 1,
            ..Datacenter::default()
        };
        let node = own_node(&identity);
        dc.write(|_, catalog, (index, writes)| {
            catalog.put_node((index, writes), node);
            catalog.put_instance((index, writes), own_service(&identity));
            let stored = catalog.put_check((index, writes), serf_health(&identity.node));
            debug_assert!(stored.is_ok(), "the own node is registered above");
        });
        let datacenters = BTreeMap::from([(identity.datacenter.clone(), dc)]);
        Self {
            identity,
            datacenters,
            agent: Agent::default(),
            epoch: 0,
        }
    }

    /// Returns the server's own datacenter.
    pub(crate) fn local(&mut self) -> &mut Datacenter {
        let name = self.identity.datacenter.clone();
        self.datacenters
            .entry(name.clone())
            .or_insert_with(|| Datacenter {
                name,
                ..Datacenter::default()
            })
    }

    /// Returns the datacenter with this name; `None` means the server's own.
    pub(crate) fn datacenter(&self, name: Option<&str>) -> Option<&Datacenter> {
        self.datacenters
            .get(name.unwrap_or(&self.identity.datacenter))
    }

    /// Returns the datacenter with this name for writing; `None` means the server's own.
    pub(crate) fn datacenter_mut(&mut self, name: Option<&str>) -> Option<&mut Datacenter> {
        self.datacenters
            .get_mut(name.unwrap_or(&self.identity.datacenter))
    }

    /// Drops all state, as a restarted `-dev` agent does.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            epoch: self.epoch + 1,
            ..Self::new(self.identity.clone())
        };
    }

    /// Lowers all indexes of the server's own datacenter to at most `to`, and keeps the data.
    pub(crate) fn rewind(&mut self, to: u64) {
        self.epoch += 1;
        let dc = self.local();
        dc.index = dc.index.min(to);
        dc.kv.rewind(to);
        dc.catalog.rewind(to);
        dc.sessions.rewind(to);
        dc.writes = WriteIndex::default();
    }
}

/// Returns the node of the server's own agent.
pub(crate) fn own_node(identity: &Identity) -> Node {
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

/// Returns the check that Consul adds to the node of every agent.
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
