//! Writes accepted answers for the next process, and loads those of the process before.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::Executor;
use crate::daemon::event::{AnswerWrite, Event, NoAnswer};
use crate::daemon::hanging::not_in_time;
use crate::daemon::kept_answers::KeptAnswers;
use consul_watch::query::Query;

/// The time limit for loading answers.
const LOAD_TIMEOUT: Duration = Duration::from_secs(5);

impl Executor {
    /// Keeps the accepted answers here.
    pub(in crate::daemon) fn keep_answers_in(&mut self, kept: Option<KeptAnswers>) {
        self.kept_answers = kept;
    }

    /// Writes changes of accepted answers. A thread of its own does it, so that no other write waits.
    pub(super) fn keep_answers(&mut self, write: AnswerWrite) {
        if let Some(kept) = self.kept_answers.clone() {
            self.tasks.spawn_blocking(move || kept.write(write));
        }
    }

    /// Loads the earlier answers of a server to these queries. A file system that hangs has none.
    pub(super) fn load_answers(&mut self, server: Arc<str>, queries: Vec<Arc<Query>>) {
        let Some(kept) = self.kept_answers.clone() else {
            return;
        };
        self.tasks.spawn(async move {
            let (own, from, wanted) = (kept.clone(), Arc::clone(&server), queries.clone());
            let loading = tokio::task::spawn_blocking(move || own.load(&from, &wanted));
            let loaded = timeout(LOAD_TIMEOUT, loading).await;
            let loaded = loaded.ok().and_then(Result::ok).unwrap_or_else(|| {
                let path = kept.path().display();
                kept.warn_of_unreadable(&not_in_time(&format!("{path} was not read")));
                let queries = queries.into_iter();
                queries
                    .map(|query| (query, Err(NoAnswer::Unreadable)))
                    .collect()
            });
            Event::AnswersLoaded(server, loaded)
        });
    }
}
