//! The query of any source.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::consul::ConsulQuery;

/// What a template depends on: followed once per process, however many templates request it.
///
/// Two queries are the same dependency if they are equal; the text form ([`Display`](std::fmt::Display)) is for logs and
/// messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Query {
    /// Consul answers it.
    Consul(ConsulQuery),
    /// The text of a file on this host.
    File(FileQuery),
    /// The output of a program on this host.
    Plugin(PluginQuery),
}

impl From<ConsulQuery> for Query {
    fn from(query: ConsulQuery) -> Self {
        Self::Consul(query)
    }
}

/// A file, and the directory that a template may read: what one template may read, another may not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileQuery {
    /// The file as the template names it.
    pub path: PathBuf,
    /// The directory in which the file has to be, links resolved; `None`: anywhere.
    pub sandbox: Option<Arc<Path>>,
}

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PluginQuery {
    /// The program, then its arguments, which may be secret.
    pub words: Vec<String>,
}

impl PluginQuery {
    /// The program.
    #[must_use]
    pub fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}
