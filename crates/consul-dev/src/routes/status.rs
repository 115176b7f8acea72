//! `/v1/status/` and `/v1/agent/self`.

use serde_json::json;

use crate::cluster_state::Identity;
use crate::outcome::{Handled, Outcome};
use crate::reply::Reply;
use crate::request::Request;
use crate::store::Store;

/// Returns the address of the leader.
pub(crate) fn leader(store: &Store, request: &Request, _: &str) -> Handled {
    let identity = known(store, request)?;
    let leader = json!(format!("{}:{}", identity.address, identity.rpc_port));
    Ok(Outcome::json(&leader, request))
}

/// Returns the addresses of all servers: only this one.
pub(crate) fn peers(store: &Store, request: &Request, _: &str) -> Handled {
    let identity = known(store, request)?;
    let peers = json!([format!("{}:{}", identity.address, identity.rpc_port)]);
    Ok(Outcome::json(&peers, request))
}

/// Returns the identity of the agent, with the settings that clients read.
pub(crate) fn agent_self(store: &Store, request: &Request, _: &str) -> Handled {
    let Identity {
        node,
        node_id,
        datacenter,
        address,
        rpc_port,
    } = store.read(|cluster| cluster.identity.clone());
    let body = json!({
        "Config": {
            "Datacenter": datacenter, "NodeName": node, "NodeID": node_id, "Revision": "", "Server": true,
            "Version": "1.8.7",
        },
        "DebugConfig": {},
        "Coord": {"Vec": [0, 0, 0, 0, 0, 0, 0, 0], "Error": 1.5, "Adjustment": 0, "Height": 0.00001},
        "Member": {
            "Name": node, "Addr": address, "Port": rpc_port,
            "Tags": {"dc": datacenter, "id": node_id, "role": "consul", "build": "1.8.7:", "port": rpc_port.to_string()},
            "Status": 1, "ProtocolMin": 1, "ProtocolMax": 5, "ProtocolCur": 2,
            "DelegateMin": 2, "DelegateMax": 5, "DelegateCur": 4,
        },
        "Stats": {"agent": {}, "consul": {"leader": "true", "server": "true"}},
        "Meta": {"consul-network-segment": ""},
    });
    Ok(Outcome::json(&body, request))
}

fn known(store: &Store, request: &Request) -> Result<Identity, Reply> {
    let identity = store.read(|cluster| {
        cluster
            .datacenter(request.datacenter())
            .map(|_| cluster.identity.clone())
    });
    identity.ok_or_else(|| Reply::text(500, "No path to datacenter"))
}
