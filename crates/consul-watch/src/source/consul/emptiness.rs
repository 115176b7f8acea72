//! The reason for which a query for the instances of a service has an empty answer.
//!
//! Input: the query. Output: an [`Emptiness`], after one or two further requests.

use std::fmt;

use super::client::Client;
use super::headers::is_filtered;
use super::url::Target;
use super::wire;
use crate::answer::Answer;
use crate::query::{ConsulQuery, HealthFilter, ServiceQuery};
use crate::source::error::Error;
use crate::source::poll::{Poll, Source as _};
use http_client::StatusCode;

/// The reason for an empty answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emptiness {
    /// The catalog has no service of this name.
    NotRegistered,
    /// Instances are registered, but none of them has the tag and the health of the query.
    NoneMatches {
        /// The number of registered instances.
        registered: usize,
    },
    /// The token may not read the service.
    Denied,
    /// ACLs are enabled, and no token is set.
    NoToken,
}

impl fmt::Display for Emptiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRegistered => f.write_str("no service of this name is registered"),
            Self::NoneMatches { registered: 1 } => {
                f.write_str("1 instance is registered, and it does not match")
            }
            Self::NoneMatches { registered } => {
                write!(f, "{registered} instances are registered, and none matches")
            }
            Self::Denied => f.write_str("the token lacks the right to read it"),
            Self::NoToken => f.write_str("ACLs are enabled, and no token is set"),
        }
    }
}

impl Client {
    /// Finds out why a query has an empty answer.
    ///
    /// # Errors
    /// [`Error`] if Consul does not answer.
    pub async fn explain_empty(&self, query: &ConsulQuery) -> Result<Option<Emptiness>, Error> {
        let every = |service: &ServiceQuery| ServiceQuery {
            tag: String::new(),
            health: HealthFilter::Any,
            ..service.clone()
        };
        let wider = match query {
            ConsulQuery::Service(service) => ConsulQuery::Service(every(service)),
            ConsulQuery::Connect(service) => ConsulQuery::Connect(every(service)),
            _ => return Ok(None),
        };
        let poll = Poll::once(self.preferred());
        let answer = self.get(&Target::of(&wider), poll).await?;
        let registered = match wire::read(&wider, &answer.body, None) {
            Ok(Answer::Service(instances)) if answer.status == StatusCode::OK => instances.len(),
            _ => return Ok(None),
        };
        let is_denied =
            is_filtered(&answer.headers) || (registered == 0 && self.is_agent_denied(poll).await?);
        Ok(Some(match (registered, is_denied) {
            (0, true) if self.has_token() => Emptiness::Denied,
            (0, true) => Emptiness::NoToken,
            (0, false) => Emptiness::NotRegistered,
            (registered, _) => Emptiness::NoneMatches { registered },
        }))
    }

    /// Returns `true` if no token is set and the agent refuses to answer without one. Older Consuls
    /// show only by this that they have filtered an answer.
    async fn is_agent_denied(&self, poll: Poll) -> Result<bool, Error> {
        if self.has_token() {
            return Ok(false);
        }
        let answer = self.get(&Target::agent(), poll).await?;
        Ok(answer.status == StatusCode::FORBIDDEN)
    }
}
