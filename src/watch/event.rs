//! What a followed query reports.

use std::sync::Arc;

use crate::answer::Answer;
use crate::query::Query;
use crate::source::Error;

/// An event of a followed query.
#[derive(Clone, Debug)]
pub enum WatchEvent {
    /// It was answered, and the answer differs from the one before; also the first answer.
    News(Arc<Query>, Arc<Answer>),
    /// It failed; sent for every failure, so that the receiver decides what to log.
    Failed(Arc<Query>, Arc<Error>),
    /// It was answered again after a failure.
    Recovered(Arc<Query>),
}
