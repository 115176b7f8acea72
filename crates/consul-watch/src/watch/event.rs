//! The events of a followed query.

use std::sync::Arc;

use crate::answer::Answer;
use crate::query::Query;
use crate::source::{Circumstances, Error};

/// An event of a followed query.
#[derive(Clone, Debug)]
pub enum WatchEvent {
    /// A new answer: the first one, or one that differs from the previous one.
    Answered(Arc<Query>, Arc<Answer>, Circumstances),
    /// A failure. Every failure is sent; the receiver decides which ones to log.
    Failed(Arc<Query>, Arc<Error>),
    /// The query was answered again after a failure.
    Recovered(Arc<Query>),
}

impl WatchEvent {
    /// The query.
    #[must_use]
    pub fn query(&self) -> &Arc<Query> {
        let (Self::Answered(query, ..) | Self::Failed(query, _) | Self::Recovered(query)) = self;
        query
    }

    /// The answer of a source that always knows the current data.
    #[must_use]
    pub fn current(query: Arc<Query>, answer: Arc<Answer>) -> Self {
        Self::Answered(query, answer, Circumstances::CURRENT)
    }
}
