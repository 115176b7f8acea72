//! The URLs of requests. Only this module knows Consul's paths and parameters.

use url::Url;

use super::config::ClientConfig;
use crate::query::{ConsulQuery, HealthFilter, KeyQuery, Scope, ServiceQuery};
use crate::source::poll::Poll;

/// A path of Consul's API with the parameters of the query, without those of a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The segments of the path, not percent-encoded; the slashes of a key separate segments.
    path: Vec<String>,
    parameters: Vec<(&'static str, String)>,
    /// `true` if the endpoint supports blocking queries and `stale`.
    can_block: bool,
    /// `true` if a server that works answers within a few seconds, even without a leader.
    is_quick: bool,
}

impl Target {
    /// Creates the target of a query. A node query must have a name; for the agent's own node,
    /// [`agent`](Self::agent) has it.
    pub(super) fn of(query: &ConsulQuery) -> Self {
        let (path, parameters) = match query {
            ConsulQuery::Key(query) => (kv_path(&query.key), scope(&query.scope)),
            ConsulQuery::Pairs(query) => {
                let mut parameters = scope(&query.scope);
                parameters.push(("recurse", String::new()));
                (kv_path(&query.key), parameters)
            }
            ConsulQuery::Service(query) => {
                (path(&["health", "service", &query.name]), service(query))
            }
            ConsulQuery::Connect(query) => {
                (path(&["health", "connect", &query.name]), service(query))
            }
            ConsulQuery::Services(services) => (path(&["catalog", "services"]), scope(services)),
            ConsulQuery::Node(query) => {
                (path(&["catalog", "node", &query.name]), scope(&query.scope))
            }
            ConsulQuery::Nodes(query) => {
                let mut parameters = scope(&query.scope);
                push(&mut parameters, "near", &query.near);
                (path(&["catalog", "nodes"]), parameters)
            }
            ConsulQuery::Datacenters(_) => (path(&["catalog", "datacenters"]), Vec::new()),
            ConsulQuery::CaRoots => (path(&["agent", "connect", "ca", "roots"]), Vec::new()),
            ConsulQuery::CaLeaf(service) => (
                path(&["agent", "connect", "ca", "leaf", service]),
                Vec::new(),
            ),
            ConsulQuery::Partitions => (path(&["partitions"]), Vec::new()),
            ConsulQuery::Peerings(name) => (path(&["peerings"]), partition(name)),
            ConsulQuery::ExportedServices(name) => (path(&["exported-services"]), partition(name)),
            ConsulQuery::ImportedServices(name) => (path(&["imported-services"]), partition(name)),
        };
        Self {
            path,
            parameters,
            can_block: query.blocks(),
            is_quick: false,
        }
    }

    /// Creates the target for the checks that are critical.
    pub(super) fn critical_checks(place: &Scope) -> Self {
        Self {
            path: path(&["health", "state", "critical"]),
            parameters: scope(place),
            can_block: true,
            is_quick: false,
        }
    }

    /// Creates the target for the names of the keys directly below a prefix.
    pub(super) fn keys(prefix: &KeyQuery) -> Self {
        let mut parameters = scope(&prefix.scope);
        parameters.push(("keys", String::new()));
        parameters.push(("separator", "/".to_owned()));
        Self {
            path: kv_path(&prefix.key),
            parameters,
            can_block: true,
            is_quick: false,
        }
    }

    /// Adds a parameter.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.parameters.push((name, value.to_owned()));
        self
    }

    /// Creates the target `/v1/agent/self`, whose answer has the name of the agent's node.
    pub(super) fn agent() -> Self {
        Self {
            path: path(&["agent", "self"]),
            parameters: Vec::new(),
            can_block: false,
            is_quick: false,
        }
    }

    /// Creates the target `/v1/status/leader`, which every Consul answers quickly and without a token.
    pub(super) fn leader() -> Self {
        Self {
            path: path(&["status", "leader"]),
            parameters: Vec::new(),
            can_block: false,
            is_quick: true,
        }
    }

    /// Creates the target that shows whether the catalog of a datacenter responds.
    pub(super) fn catalog_of(datacenter: &str) -> Self {
        Self {
            path: path(&["catalog", "services"]),
            parameters: vec![("consistent", String::new()), ("dc", datacenter.to_owned())],
            can_block: false,
            is_quick: false,
        }
    }

    /// Returns `true` if a server that works answers within a few seconds.
    pub(super) fn is_quick(&self) -> bool {
        self.is_quick
    }

    /// Returns `true` if this poll blocks.
    pub(super) fn blocks(&self, poll: Poll) -> bool {
        self.can_block && poll.index > 0
    }

    /// Returns the URL of a poll, with its parameters sorted by name. The configured namespace and
    /// partition apply if the query has none.
    pub(super) fn url(&self, config: &ClientConfig, server: &Url, poll: Poll) -> Url {
        let mut url = server.clone();
        if server.scheme() == "unix" {
            // The path of a `unix` URL is that of the socket.
            url.set_path("");
        }
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(&self.path);
        }
        let mut parameters = self.parameters.clone();
        for (name, home) in [("ns", &config.namespace), ("partition", &config.partition)] {
            let is_named = parameters.iter().any(|(named, _)| *named == name);
            if let Some(home) = home.as_ref().filter(|_| !is_named) {
                parameters.push((name, home.clone()));
            }
        }
        if self.can_block {
            if poll.index > 0 {
                parameters.push(("index", poll.index.to_string()));
            }
            if poll.stale {
                parameters.push(("stale", String::new()));
            }
            parameters.push(("wait", format!("{}ms", poll.wait.as_millis())));
        }
        parameters.sort();
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        url
    }
}

fn path(segments: &[&str]) -> Vec<String> {
    std::iter::once("v1")
        .chain(segments.iter().copied())
        .map(str::to_owned)
        .collect()
}

/// The path of a key. Repeated slashes are merged, as in Consul's redirect for such a path; a
/// trailing slash stays.
fn kv_path(key: &str) -> Vec<String> {
    // The root of all keys has a trailing slash, too.
    let (key, end) = key
        .strip_suffix('/')
        .map_or((key, key.is_empty().then_some("")), |key| (key, Some("")));
    let parts = key.split('/').filter(|part| !part.is_empty()).chain(end);
    path(&["kv"])
        .into_iter()
        .chain(parts.map(str::to_owned))
        .collect()
}

fn partition(name: &str) -> Vec<(&'static str, String)> {
    let mut parameters = Vec::new();
    push(&mut parameters, "partition", name);
    parameters
}

fn scope(scope: &Scope) -> Vec<(&'static str, String)> {
    let mut parameters = Vec::new();
    push(&mut parameters, "dc", &scope.datacenter);
    push(&mut parameters, "ns", &scope.namespace);
    push(&mut parameters, "partition", &scope.partition);
    parameters
}

fn service(query: &ServiceQuery) -> Vec<(&'static str, String)> {
    let mut parameters = scope(&query.scope);
    push(&mut parameters, "near", &query.near);
    if query.health == HealthFilter::passing() {
        parameters.push(("passing", "1".to_owned()));
    }
    push(&mut parameters, "peer", &query.peer);
    push(&mut parameters, "sameness-group", &query.sameness_group);
    push(&mut parameters, "tag", &query.tag);
    parameters
}

fn push(parameters: &mut Vec<(&'static str, String)>, name: &'static str, value: &str) {
    if !value.is_empty() {
        parameters.push((name, value.to_owned()));
    }
}

#[cfg(test)]
mod tests;
