//! `/v1/catalog/` and `/v1/health/`: reading.

use serde_json::json;

use crate::go;
use crate::outcome::{Handled, Outcome};
use crate::query::Query;
use crate::reply::Reply;
use crate::request::Request;
use crate::store::Store;

/// Returns the names of all services.
pub(crate) fn services(_: &Store, request: &Request, _: &str) -> Handled {
    Ok(Outcome::Query(Query::Services(request.node_meta())))
}

/// Returns the instances of a service.
pub(crate) fn service(_: &Store, request: &Request, name: &str) -> Handled {
    named(name, "Missing service name")?;
    Ok(Outcome::Query(Query::Instances {
        name: name.to_owned(),
        tags: request.all("tag"),
        meta: request.node_meta(),
    }))
}

/// Returns all nodes.
pub(crate) fn nodes(_: &Store, request: &Request, _: &str) -> Handled {
    Ok(Outcome::Query(Query::Nodes(request.node_meta())))
}

/// Returns a node with its instances.
pub(crate) fn node(_: &Store, _: &Request, name: &str) -> Handled {
    named(name, "Missing node name")?;
    Ok(Outcome::Query(Query::Node(name.to_owned())))
}

/// Returns a node with the list of its instances.
pub(crate) fn node_services(_: &Store, _: &Request, name: &str) -> Handled {
    named(name, "Missing node name")?;
    Ok(Outcome::Query(Query::NodeInstances(name.to_owned())))
}

/// Returns the instances that give access to a service in the mesh.
pub(crate) fn connect(_: &Store, request: &Request, name: &str) -> Handled {
    named(name, "Missing service name")?;
    Ok(Outcome::Query(Query::ConnectInstances {
        name: name.to_owned(),
        meta: request.node_meta(),
    }))
}

/// Returns the names of all datacenters, the server's own first.
pub(crate) fn datacenters(store: &Store, request: &Request, _: &str) -> Handled {
    let names = store.read(|cluster| {
        let own = cluster.identity.datacenter.clone();
        let others = cluster
            .datacenters
            .keys()
            .filter(|name| **name != own)
            .cloned();
        std::iter::once(own.clone())
            .chain(others)
            .collect::<Vec<_>>()
    });
    Ok(Outcome::json(&json!(names), request))
}

/// Returns the instances of a service with their checks.
pub(crate) fn health_service(_: &Store, request: &Request, name: &str) -> Handled {
    named(name, "Missing service name")?;
    let passing = passing(request)?;
    Ok(Outcome::Query(Query::Health {
        name: name.to_owned(),
        tags: request.all("tag"),
        meta: request.node_meta(),
        passing,
    }))
}

/// Returns `true` if `?passing` is set.
fn passing(request: &Request) -> Result<bool, Reply> {
    match request.get("passing") {
        "" => Ok(request.has("passing")),
        text => go::boolean(text).ok_or_else(|| Reply::text(400, "Invalid value for ?passing")),
    }
}

/// Returns the instances that give access to a service in the mesh, with their checks. As in
/// Consul, `?tag` has no effect.
pub(crate) fn health_connect(_: &Store, request: &Request, name: &str) -> Handled {
    named(name, "Missing service name")?;
    Ok(Outcome::Query(Query::Connect {
        name: name.to_owned(),
        meta: request.node_meta(),
        passing: passing(request)?,
    }))
}

/// Returns the checks on a node.
pub(crate) fn health_node(_: &Store, _: &Request, name: &str) -> Handled {
    named(name, "Missing node name")?;
    Ok(Outcome::Query(Query::NodeChecks(name.to_owned())))
}

/// Returns the checks of a service.
pub(crate) fn health_checks(_: &Store, request: &Request, name: &str) -> Handled {
    named(name, "Missing service name")?;
    Ok(Outcome::Query(Query::ServiceChecks {
        name: name.to_owned(),
        meta: request.node_meta(),
    }))
}

/// Returns the checks in a state.
pub(crate) fn health_state(_: &Store, request: &Request, state: &str) -> Handled {
    named(state, "Missing check state")?;
    Ok(Outcome::Query(Query::ChecksInState {
        state: state.to_owned(),
        meta: request.node_meta(),
    }))
}

fn named(name: &str, missing: &str) -> Result<(), Reply> {
    if name.is_empty() {
        Err(Reply::text(400, missing))
    } else {
        Ok(())
    }
}
