//! The queries for this host.

use super::poll::{Refresh, SourceQuery};
use crate::query::{FileQuery, PluginQuery, Query};

impl SourceQuery for FileQuery {
    fn select(query: &Query) -> Option<&Self> {
        match query {
            Query::File(file) => Some(file),
            _ => None,
        }
    }

    fn refresh(&self) -> Refresh {
        Refresh::Notification
    }

    fn is_secret(&self) -> bool {
        false
    }
}

impl SourceQuery for PluginQuery {
    fn select(query: &Query) -> Option<&Self> {
        match query {
            Query::Plugin(plugin) => Some(plugin),
            _ => None,
        }
    }

    fn refresh(&self) -> Refresh {
        Refresh::OnDemand
    }

    fn is_secret(&self) -> bool {
        true
    }
}
