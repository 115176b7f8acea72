//! Consul as a [`Source`]: polls queries, ticks and servers.

use std::collections::BTreeSet;
use std::sync::Weak;
use std::sync::atomic::Ordering;

use super::client::{Client, PROBE_LIMIT};
use super::url::Target;
use super::wire;
use crate::answer::Answer;
use crate::query::{ConsulQuery, NodeQuery, Scope};
use crate::source::error::{Error, ErrorClass};
use crate::source::node_snapshot::NodeSnapshot;
use crate::source::poll::{Poll, Reply, Source};
use crate::source::tick::{Tick, TickReply};
use http_client::StatusCode;
use tokio::time::timeout;

impl Client {
    /// Requests the name of the agent's node, for a node query without a name.
    async fn own_node(&self, poll: Poll) -> Result<String, Error> {
        let answer = self.get_from_consul(&Target::agent(), poll, None).await?;
        if answer.status != StatusCode::OK {
            return Err(self.refused(&answer, poll.server));
        }
        wire::node_name(&answer.body).map_err(|reason| self.unreadable(&reason, poll.server))
    }

    /// Returns the datacenters whose catalog responds.
    async fn responding(&self, datacenters: Vec<String>, poll: Poll) -> Vec<String> {
        let mut responding = BTreeSet::new();
        for datacenter in datacenters {
            let fetched = self.get(&Target::catalog_of(&datacenter), poll).await;
            if fetched.is_ok_and(|fetched| fetched.status == StatusCode::OK) {
                responding.insert(datacenter);
            }
        }
        responding.into_iter().collect()
    }
}

impl Client {
    /// Finds the cause of an error of a query to a datacenter: if Consul has a leader, it is the datacenter.
    async fn with_cause(&self, datacenter: &str, poll: Poll, error: Error) -> Error {
        let is_unclear = error.class() == ErrorClass::Outage && error.may_concern_datacenter();
        if datacenter.is_empty() || !is_unclear || !self.has_leader(poll.server).await {
            return error;
        }
        Error::Datacenter {
            name: datacenter.to_owned(),
            reason: error.to_string(),
        }
    }

    /// Returns `true` if the own datacenter has a leader.
    async fn has_leader(&self, server: usize) -> bool {
        let answer = self.get(&Target::leader(), Poll::once(server)).await;
        answer.is_ok_and(|answer| {
            let leader = serde_json::from_slice::<String>(&answer.body);
            answer.status == StatusCode::OK && leader.is_ok_and(|leader| !leader.is_empty())
        })
    }
}

impl Source for Client {
    type Query = ConsulQuery;

    fn servers(&self) -> usize {
        self.config().servers.len()
    }

    fn address(&self, server: usize) -> String {
        self.address_of(server)
    }

    fn preferred(&self) -> usize {
        self.preferred.load(Ordering::Relaxed)
    }

    /// Requests `/v1/status/leader`. A path that a proxy does not pass on is an answer too: a server that hangs gives
    /// none.
    async fn probe(&self, server: usize) -> Result<(), Error> {
        // The limit of a request begins when its connection is open, and connecting has a longer one.
        let target = Target::leader();
        let probe = self.get(&target, Poll::once(server));
        let answer = timeout(PROBE_LIMIT, probe).await;
        let answer = answer.unwrap_or_else(|_| Err(self.silent(server)))?;
        if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
            return Err(self.refused(&answer, server));
        }
        Ok(())
    }

    fn sharing(&self, server: usize) -> usize {
        self.transport.sharing(server)
    }

    async fn peek(&self, query: &ConsulQuery, poll: Poll) -> Result<Option<u64>, Error> {
        match self.index(query, poll).await {
            Ok(index) => Ok(index),
            Err(error) => Err(self.with_cause(datacenter_of(query), poll, error).await),
        }
    }

    async fn tick(&self, tick: &Tick, poll: Poll) -> Result<TickReply, Error> {
        match self.poll_tick(tick, poll).await {
            Ok(reply) => Ok(reply),
            Err(error) => Err(self.with_cause(&tick.scope().datacenter, poll, error).await),
        }
    }

    async fn node(&self, name: &str, scope: &Scope, poll: Poll) -> Result<NodeSnapshot, Error> {
        self.node_snapshot(name, scope, poll).await
    }

    async fn poll(&self, query: &ConsulQuery, poll: Poll) -> Result<Reply, Error> {
        self.poll_again(query, poll, &Weak::new()).await
    }

    async fn poll_again(
        &self,
        query: &ConsulQuery,
        poll: Poll,
        previous: &Weak<Answer>,
    ) -> Result<Reply, Error> {
        let query = match query {
            ConsulQuery::Node(node) if node.name.is_empty() => {
                let name = self.own_node(poll).await?;
                &ConsulQuery::Node(NodeQuery {
                    name,
                    scope: node.scope.clone(),
                })
            }
            query => query,
        };
        let mut reply = match self.fetch(query, poll, previous).await {
            Ok(reply) => reply,
            Err(error) => return Err(self.with_cause(datacenter_of(query), poll, error).await),
        };
        if let (ConsulQuery::Datacenters(wanted), Answer::Datacenters(names)) =
            (query, &mut reply.answer)
            && wanted.ignore_failing
        {
            *names = self.responding(std::mem::take(names), poll).await;
        }
        Ok(reply)
    }
}

fn datacenter_of(query: &ConsulQuery) -> &str {
    query.scope().map_or("", |scope| &scope.datacenter)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use tokio::time::Instant;

    use super::*;
    use crate::source::consul::config::ClientConfig;

    /// Connecting had a limit of its own, so the probe of a host that had vanished took up to 35 s.
    #[tokio::test(start_paused = true)]
    async fn the_limit_of_a_probe_includes_connecting() {
        // The connection is opened, and the TLS handshake is not answered.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("https://{}", listener.local_addr().unwrap());
        let client = Client::new(&ClientConfig::new(vec![server.parse().unwrap()]));
        let begun = Instant::now();
        let error = client.unwrap().probe(0).await.unwrap_err();
        assert_eq!(begun.elapsed().as_secs(), PROBE_LIMIT.as_secs());
        assert_eq!(error.class(), ErrorClass::Outage);
    }
}
