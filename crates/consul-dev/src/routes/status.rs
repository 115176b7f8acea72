//! `/v1/status/`, `/v1/agent/self` and `/v1/agent/members`.

use serde_json::{Value, json};

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
    let identity = store.read(|cluster| cluster.identity.clone());
    let Identity {
        node,
        node_id,
        datacenter,
        ..
    } = &identity;
    let body = json!({
        "Config": {
            "Datacenter": datacenter, "NodeName": node, "NodeID": node_id, "Revision": "", "Server": true,
            "Version": "1.8.7",
        },
        "DebugConfig": {},
        "Coord": {"Vec": [0, 0, 0, 0, 0, 0, 0, 0], "Error": 1.5, "Adjustment": 0, "Height": 0.00001},
        "Member": member(&identity, false),
        "Stats": {"agent": {}, "consul": {"leader": "true", "server": "true"}},
        "Meta": {"consul-network-segment": ""},
    });
    Ok(Outcome::json(&body, request))
}

/// Returns the members of the cluster, or with `?wan` those of all datacenters: only this server.
pub(crate) fn members(store: &Store, request: &Request, _: &str) -> Handled {
    let identity = store.read(|cluster| cluster.identity.clone());
    let is_wan = !request.get("wan").is_empty();
    Ok(Outcome::json(&json!([member(&identity, is_wan)]), request))
}

/// Returns the server as a member of its datacenter, or of all datacenters.
fn member(identity: &Identity, is_wan: bool) -> Value {
    let Identity {
        node,
        node_id,
        datacenter,
        address,
        rpc_port,
        lan_port,
        wan_port,
    } = identity;
    let mut tags = json!({
        "acls": "0", "build": "1.8.7:", "dc": datacenter, "ft_fs": "1", "id": node_id,
        "port": rpc_port.to_string(), "raft_vsn": "3", "role": "consul", "segment": "", "vsn": "2",
        "vsn_max": "3", "vsn_min": "2",
    });
    let (name, port) = if is_wan {
        (format!("{node}.{datacenter}"), wan_port)
    } else {
        tags["wan_join_port"] = json!(wan_port.to_string());
        (node.clone(), lan_port)
    };
    json!({
        "Name": name, "Addr": address, "Port": port, "Tags": tags, "Status": 1,
        "ProtocolMin": 1, "ProtocolMax": 5, "ProtocolCur": 2,
        "DelegateMin": 2, "DelegateMax": 5, "DelegateCur": 4,
    })
}

fn known(store: &Store, request: &Request) -> Result<Identity, Reply> {
    let identity = store.read(|cluster| {
        cluster
            .datacenter(request.datacenter())
            .map(|_| cluster.identity.clone())
    });
    identity.ok_or_else(|| Reply::text(500, "No path to datacenter"))
}
