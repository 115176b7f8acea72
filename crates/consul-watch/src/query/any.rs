//! The query type of all sources.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::consul::ConsulQuery;

/// A dependency, for example of a template. It is followed once, even if several templates request it.
///
/// Two queries are the same dependency if they are equal. The text form
/// ([`Display`](std::fmt::Display)) is for log lines and messages. Sorted, plugins are the last.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Query {
    /// A query to Consul.
    Consul(ConsulQuery),
    /// The text of a file on this host.
    File(FileQuery),
    /// The output of a program on this host.
    Plugin(PluginQuery),
}

impl Query {
    /// The datacenter that the query names; empty if it names none.
    #[must_use]
    pub fn datacenter(&self) -> &str {
        let scope = match self {
            Self::Consul(query) => query.scope(),
            Self::File(_) | Self::Plugin(_) => None,
        };
        scope.map_or("", |scope| &scope.datacenter)
    }

    /// The same query to this datacenter; `None` if it cannot name one.
    #[must_use]
    pub fn to_datacenter(&self, name: &str) -> Option<Self> {
        let mut other = self.clone();
        let scope = match &mut other {
            Self::Consul(query) => query.scope_mut(),
            Self::File(_) | Self::Plugin(_) => None,
        };
        name.clone_into(&mut scope?.datacenter);
        Some(other)
    }
}

impl From<ConsulQuery> for Query {
    fn from(query: ConsulQuery) -> Self {
        Self::Consul(query)
    }
}

/// A file, and the directory that restricts access to it. The restriction may differ between queries.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileQuery {
    /// The path as it is requested.
    pub path: PathBuf,
    /// The directory that must contain the file after links are resolved; `None`: no restriction.
    pub sandbox: Option<Arc<Path>>,
}

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PluginQuery {
    /// The program, then its arguments, which may contain secrets.
    pub words: Vec<String>,
}

impl PluginQuery {
    /// The program.
    #[must_use]
    pub fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}
