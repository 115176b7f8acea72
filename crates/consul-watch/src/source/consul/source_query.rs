//! The queries that Consul answers.

use std::time::Duration;

use super::ticks;
use crate::query::{ConsulQuery, Query};
use crate::source::poll::{Refresh, SourceQuery};
use crate::source::tick::Area;

/// The poll interval for endpoints that do not support blocking queries.
const INTERVAL: Duration = Duration::from_secs(15);

impl SourceQuery for ConsulQuery {
    fn select(query: &Query) -> Option<&Self> {
        match query {
            Query::Consul(query) => Some(query),
            _ => None,
        }
    }

    fn refresh(&self) -> Refresh {
        if self.blocks() {
            Refresh::Blocking
        } else {
            Refresh::Interval(INTERVAL)
        }
    }

    fn area(&self) -> Option<Area> {
        ticks::area(self)
    }

    fn is_secret(&self) -> bool {
        // The answer has a private key.
        matches!(self, Self::CaLeaf(_))
    }
}
