//! The table of paths, and the paths of Consul that the server does not have.

use http::Method;

use super::{
    agent, agent_health, catalog, catalog_writes, connect, kv, registration, session, status,
    transaction,
};
use crate::outcome::Handler;

/// A path and its handler. A path that ends with a slash matches everything below it.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) methods: &'static [Method],
    pub(super) handler: Handler,
    about: &'static str,
}

/// An endpoint of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The path. A path that ends with a slash is followed by a name.
    pub path: &'static str,
    /// The methods, separated by commas.
    pub methods: String,
    /// What the endpoint does.
    pub about: &'static str,
}

/// Returns all endpoints of the server.
pub fn endpoints() -> Vec<Endpoint> {
    let endpoint = |route: &Route| Endpoint {
        path: route.path,
        methods: route
            .methods
            .iter()
            .map(Method::as_str)
            .collect::<Vec<_>>()
            .join(", "),
        about: route.about,
    };
    ROUTES.iter().map(endpoint).collect()
}

/// Returns the paths of Consul that the server answers with 501. A path that ends with a slash
/// stands for everything below it.
pub fn absent_endpoints() -> &'static [&'static str] {
    &ABSENT
}

/// Returns `true` if Consul has the path and this server does not.
pub(super) fn is_absent(path: &str) -> bool {
    ABSENT
        .iter()
        .any(|absent| path == *absent || (absent.ends_with('/') && path.starts_with(absent)))
}

const GET: &[Method] = &[Method::GET];
const PUT: &[Method] = &[Method::PUT];
const ALL: &[Method] = &[Method::GET, Method::PUT, Method::DELETE];

/// Creates the table: methods, path, handler and description of each endpoint.
macro_rules! routes {
    ($($methods:ident $path:literal $handler:path, $about:literal;)*) => {
        &[$(Route { path: $path, methods: $methods, handler: $handler, about: $about }),*]
    };
}

pub(super) const ROUTES: &[Route] = routes! {
    ALL "/v1/kv/" kv::serve, "Keys: `?raw`, `?recurse`, `?keys`, `?separator`, `?cas`, `?flags`, `?acquire`, `?release`";
    PUT "/v1/txn" transaction::serve, "Transactions of keys, nodes, services and checks";
    GET "/v1/catalog/services" catalog::services, "The names of all services with their tags";
    GET "/v1/catalog/service/" catalog::service, "The instances of a service";
    GET "/v1/catalog/connect/" catalog::connect, "The instances that give access to a service in the mesh";
    GET "/v1/catalog/nodes" catalog::nodes, "All nodes";
    GET "/v1/catalog/node/" catalog::node, "A node with its instances";
    GET "/v1/catalog/node-services/" catalog::node_services, "A node with the list of its instances";
    GET "/v1/catalog/datacenters" catalog::datacenters, "The names of the datacenters";
    PUT "/v1/catalog/register" catalog_writes::register, "Registers a node, an instance and checks; such checks do not run, as in Consul";
    PUT "/v1/catalog/deregister" catalog_writes::deregister, "Removes a node, an instance or a check";
    GET "/v1/health/service/" catalog::health_service, "The instances of a service with their checks";
    GET "/v1/health/connect/" catalog::health_connect, "The same for access through the mesh";
    GET "/v1/health/node/" catalog::health_node, "The checks on a node";
    GET "/v1/health/checks/" catalog::health_checks, "The checks of a service";
    GET "/v1/health/state/" catalog::health_state, "The checks in a state";
    GET "/v1/agent/self" status::agent_self, "The identity of the server";
    GET "/v1/agent/members" status::members, "The members of the cluster: the server alone";
    GET "/v1/agent/services" agent::services, "The instances that are registered with the agent";
    GET "/v1/agent/service/" agent::service, "One of them; `?hash` blocks until it changes";
    PUT "/v1/agent/service/register" registration::register_service, "Registers an instance with its checks and its sidecar proxy";
    PUT "/v1/agent/service/deregister/" agent::deregister_service, "Removes an instance";
    PUT "/v1/agent/service/maintenance/" agent::service_maintenance, "Turns the maintenance mode of an instance on or off";
    PUT "/v1/agent/maintenance" agent::node_maintenance, "The same for the node";
    GET "/v1/agent/health/service/id/" agent_health::by_id, "The health of an instance: 200, 429, 503 or 404";
    GET "/v1/agent/health/service/name/" agent_health::by_name, "The health of all instances of a service";
    GET "/v1/agent/checks" agent::checks, "The checks that are registered with the agent";
    PUT "/v1/agent/check/register" registration::register_check, "Registers a check";
    PUT "/v1/agent/check/deregister/" agent::deregister_check, "Removes a check";
    PUT "/v1/agent/check/pass/" agent::pass, "Reports that a TTL check passes";
    PUT "/v1/agent/check/warn/" agent::warn, "The same for a warning";
    PUT "/v1/agent/check/fail/" agent::fail, "The same for a failure";
    PUT "/v1/agent/check/update/" agent::update, "The same for a status in the body";
    GET "/v1/agent/connect/ca/roots" connect::roots, "The root certificates of the mesh";
    GET "/v1/agent/connect/ca/leaf/" connect::leaf, "The certificate of a service; it is valid for 72 hours";
    GET "/v1/connect/ca/roots" connect::roots, "The root certificates of the mesh; `?pem=true`";
    PUT "/v1/session/create" session::create, "Creates a session";
    PUT "/v1/session/destroy/" session::destroy, "Ends a session";
    PUT "/v1/session/renew/" session::renew, "Starts the TTL of a session again";
    GET "/v1/session/info/" session::info, "A session";
    GET "/v1/session/node/" session::of_node, "The sessions of a node";
    GET "/v1/session/list" session::list, "All sessions";
    GET "/v1/status/leader" status::leader, "The address of the leader: the server itself";
    GET "/v1/status/peers" status::peers, "The addresses of all servers: the server alone";
};

/// The paths of Consul 1.8 that the server does not have.
const ABSENT: [&str; 26] = [
    "/v1/acl/",
    "/v1/agent/connect/authorize",
    "/v1/agent/force-leave/",
    "/v1/agent/host",
    "/v1/agent/join/",
    "/v1/agent/leave",
    "/v1/agent/metrics",
    "/v1/agent/metrics/stream",
    "/v1/agent/monitor",
    "/v1/agent/reload",
    "/v1/agent/token/",
    "/v1/catalog/gateway-services/",
    "/v1/config",
    "/v1/config/",
    "/v1/connect/ca/configuration",
    "/v1/connect/intentions",
    "/v1/connect/intentions/",
    "/v1/coordinate/",
    "/v1/discovery-chain/",
    "/v1/event/",
    "/v1/health/ingress/",
    "/v1/internal/",
    "/v1/operator/",
    "/v1/query",
    "/v1/query/",
    "/v1/snapshot",
];
