//! Requests that tell that something has changed, but not what.

use super::client::Client;
use super::headers::number;
use super::not_consul::INDEX;
use super::url::Target;
use super::wire::{self, WireError};
use crate::query::{ConsulQuery, NodeQuery, NodesQuery, Scope};
use crate::source::error::Error;
use crate::source::node_snapshot::NodeSnapshot;
use crate::source::poll::Poll;
use crate::source::tick::{Area, Tick, TickReply};
use http_client::StatusCode;

/// A tag that no service has, so that an answer has an index and no data. Consul finds tags with less work than it parses a
/// filter: half the time for a service of five instances.
const UNUSED_TAG: &str = "no-service-has-this-tag";
/// The filter for `connect`, which ignores tags. No service matches it.
const NOTHING: &str = "Service.ID == \"\"";

/// The area of a query.
pub(super) fn area(query: &ConsulQuery) -> Option<Area> {
    match query {
        // Other clusters do not announce their changes here. Neither do the links of gateways, which `connect` may return.
        ConsulQuery::Service(service) => {
            let is_own = service.peer.is_empty() && service.sameness_group.is_empty();
            is_own.then(|| Area::Catalog(service.scope.clone()))
        }
        ConsulQuery::Node(node) if !node.name.is_empty() => Some(Area::Catalog(node.scope.clone())),
        _ => None,
    }
}

impl Client {
    /// Requests the index of a query.
    pub(super) async fn index(
        &self,
        query: &ConsulQuery,
        poll: Poll,
    ) -> Result<Option<u64>, Error> {
        let mut target = Target::of(query);
        match query {
            ConsulQuery::Service(_) => target = target.with("tag", UNUSED_TAG),
            ConsulQuery::Connect(_) => target = target.with("filter", NOTHING),
            _ => {}
        }
        let answer = self.get_from_consul(&target, poll, None).await?;
        match answer.status {
            StatusCode::OK => self.index_of(&answer, poll.server).map(Some),
            // Consul's 404 for a missing key has an index.
            StatusCode::NOT_FOUND if answer.headers.contains_key(INDEX) => {
                self.index_of(&answer, poll.server).map(Some)
            }
            _ => Err(self.refused(&answer, poll.server)),
        }
    }

    /// The index of an answer. Without one, the answer is not Consul's, or a proxy has removed it: a change could not be
    /// noticed.
    fn index_of(&self, answer: &http_client::Answer, server: usize) -> Result<u64, Error> {
        let index = number(&answer.headers, INDEX);
        index.ok_or_else(|| self.unreadable(&WireError::NoIndex, server))
    }

    /// Polls a tick.
    pub(super) async fn poll_tick(&self, tick: &Tick, poll: Poll) -> Result<TickReply, Error> {
        let target = match tick {
            Tick::Checks(scope) => Target::critical_checks(scope),
            Tick::Services(scope) => Target::of(&ConsulQuery::Services(scope.clone())),
            Tick::Nodes(scope) => Target::of(&ConsulQuery::Nodes(NodesQuery {
                near: String::new(),
                scope: scope.clone(),
            })),
            Tick::Keys(prefix) => Target::keys(prefix),
        };
        let answer = self.get_from_consul(&target, poll, None).await?;
        let is_empty_prefix = matches!(tick, Tick::Keys(_))
            && answer.status == StatusCode::NOT_FOUND
            && answer.headers.contains_key(INDEX);
        if answer.status == StatusCode::GATEWAY_TIMEOUT && target.blocks(poll) {
            // A gateway in front of Consul has a shorter time limit than the blocking query.
            return Err(self.idle(poll.server));
        }
        if answer.status != StatusCode::OK && !is_empty_prefix {
            return Err(self.refused(&answer, poll.server));
        }
        let names = match tick {
            Tick::Checks(_) => wire::subjects_of_checks(&answer.body).map(|subjects| TickReply {
                critical: subjects.services,
                critical_nodes: subjects.nodes,
                ..TickReply::default()
            }),
            Tick::Nodes(_) => wire::names_of_nodes(&answer.body).map(|nodes| TickReply {
                nodes,
                ..TickReply::default()
            }),
            Tick::Services(_) | Tick::Keys(_) => Ok(TickReply::default()),
        };
        Ok(TickReply {
            index: Some(self.index_of(&answer, poll.server)?),
            bytes: answer.body.len(),
            ..names.map_err(|reason| self.unreadable(&reason, poll.server))?
        })
    }

    /// Reads what is registered at a node.
    pub(super) async fn node_snapshot(
        &self,
        name: &str,
        scope: &Scope,
        poll: Poll,
    ) -> Result<NodeSnapshot, Error> {
        let target = Target::of(&ConsulQuery::Node(NodeQuery {
            name: name.to_owned(),
            scope: scope.clone(),
        }));
        let answer = self.get_from_consul(&target, poll, None).await?;
        match answer.status {
            StatusCode::OK => wire::node_snapshot(&answer.body)
                .map_err(|reason| self.unreadable(&reason, poll.server)),
            // Another answer for a node that does not exist is an empty one.
            StatusCode::NOT_FOUND => Ok(NodeSnapshot::default()),
            _ => Err(self.refused(&answer, poll.server)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Query;

    fn area_of(query: Query) -> Option<Area> {
        match query {
            Query::Consul(query) => area(&query),
            query => panic!("{query} is not for Consul"),
        }
    }

    #[test]
    fn ticks_announce_services_and_nodes_of_their_datacenter() {
        let local = Some(Area::Catalog(Scope::default()));
        assert_eq!(area_of(Query::service("web").unwrap()), local);
        let other = area_of(Query::service("web@eu").unwrap());
        assert!(other.is_some() && other != local);
        assert_eq!(area_of(Query::service("web?peer=east").unwrap()), None);
        assert_eq!(area_of(Query::key("a/b").unwrap()), None);
    }
}
