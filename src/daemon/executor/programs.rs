//! What runs in tasks: commands, plugins, and queries for explanations.

use std::sync::Arc;
use std::time::{Duration, Instant};

use process_tree::Relay;
use secrecy::SecretString;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::command::{self, Purpose};
use crate::daemon::event::Event;
use crate::source::plugin::PluginSource;
use consul_watch::answer::Answer;
use consul_watch::query::{PluginQuery, Query};
use consul_watch::source::consul::Client;
use consul_watch::source::{Poll, Source, SourceQuery};

/// The maximum time for explanations of empty answers; `-once` waits for them.
const EXPLAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// The context of a command that runs in a task.
pub(super) struct OwnedContext {
    pub(super) exports: Arc<[(String, SecretString)]>,
    pub(super) stop: CancellationToken,
    pub(super) relay: Option<Relay>,
    pub(super) purpose: Purpose,
}

impl OwnedContext {
    pub(super) fn borrow(&self) -> command::Context<'_> {
        command::Context {
            exports: &self.exports,
            stop: &self.stop,
            relay: self.relay.as_ref(),
            purpose: self.purpose,
        }
    }
}

/// Runs a plugin and returns its output as an answer.
pub(super) async fn run_plugin(query: &Query, plugins: PluginSource) -> Answer {
    let Some(plugin) = PluginQuery::select(query) else {
        return Answer::Plugin(Err("the query is not a plugin".into()));
    };
    match plugins.poll(plugin, Poll::once(0)).await {
        Ok(reply) => reply.answer,
        Err(error) => Answer::Plugin(Err(error.to_string().into())),
    }
}

/// Finds out why queries have an empty answer.
pub(super) async fn explain(
    client: Client,
    queries: Vec<Arc<Query>>,
    stop: CancellationToken,
) -> Event {
    let begun = Instant::now();
    let mut explained = Vec::new();
    for query in queries {
        let left = EXPLAIN_TIMEOUT.saturating_sub(begun.elapsed());
        let emptiness = match &*query {
            Query::Consul(own) => tokio::select! {
                explained = timeout(left, client.explain_empty(own)) => explained.ok(),
                () = stop.cancelled() => None,
            },
            _ => None,
        };
        let emptiness = emptiness.and_then(Result::ok).flatten();
        explained.push((query, emptiness));
    }
    Event::EmptyExplained(explained)
}
