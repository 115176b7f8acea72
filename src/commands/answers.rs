//! Answers to the queries of one rendering, for commands that render without the daemon.
//!
//! Input: a query, and a Consul or the data of a file. Output: the answer, or the reason for which
//! there is none.

use std::path::Path;

use config_blocks::{Environment, Flags};
use consul_dev::{Options, Seed, Server};
use consul_watch::answer::Answer;
use consul_watch::query::{FileQuery, Query};
use consul_watch::source::consul::Client;
use consul_watch::source::{Error, Poll, Source, SourceQuery};
use ctmpl_options::config;

use crate::source::file::FileSource;

/// A failed query.
#[derive(Debug, thiserror::Error)]
#[error("cannot ask for {query}")]
pub(super) struct QueryError {
    query: Query,
    source: Error,
}

/// The reason for which a query has no answer.
pub(super) enum Unanswered {
    /// The query is a plugin, which only the daemon runs.
    Plugin(Query),
    /// No Consul is configured.
    NoSource,
    Failed(QueryError),
}

/// Asks the source once.
pub(super) async fn answer<S: Source>(
    query: &Query,
    consul: Option<&S>,
) -> Result<Answer, Unanswered> {
    let answered = if let Query::Plugin(_) = query {
        return Err(Unanswered::Plugin(query.clone()));
    } else if let Some(file) = FileQuery::select(query) {
        FileSource.poll(file, Poll::once(0)).await
    } else {
        let (Some(consul), Some(query)) = (consul, S::Query::select(query)) else {
            return Err(Unanswered::NoSource);
        };
        consul.poll(query, Poll::once(consul.preferred())).await
    };
    let answered = answered.map(|reply| reply.answer);
    answered.map_err(|source| {
        Unanswered::Failed(QueryError {
            query: query.clone(),
            source,
        })
    })
}

/// Runs a function with a Consul that has the data of a file; `None`: it is empty.
pub(super) async fn with_data<T>(
    data: Option<&Path>,
    act: impl AsyncFnOnce(&Client) -> T,
) -> anyhow::Result<T> {
    let seed = data.map_or_else(|| Ok(Seed::default()), Seed::read)?;
    let options = Options {
        seed,
        ..Options::default()
    };
    let server = Server::start(options).await?;
    let mut consul = Flags::default();
    consul.set("--consul-addr", vec![server.address().to_string().into()]);
    let client = Client::new(&config::consul(&consul, &Environment::default())?.client)?;
    let result = act(&client).await;
    server.stop().await;
    Ok(result)
}
