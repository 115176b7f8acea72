//! Files on this host as a source of data.
//!
//! The daemon calls [`read`] on a worker thread, in `daemon/executor/read.rs`. `FileSource::poll` serves
//! `ctmpl convert`.

use super::error::Error;
use super::poll::{Poll, Refresh, Reply, Source, SourceQuery};
use crate::answer::Answer;
use crate::config::sandbox;
use crate::query::{FileQuery, Query};

/// The source for files on this host.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSource;

/// Reads a file. This blocks while the file system does.
///
/// # Errors
/// [`Error::File`] if it cannot be read.
pub fn read(file: &FileQuery) -> Result<Answer, Error> {
    match safe_read::read_within(&file.path, file.sandbox.as_deref().map(sandbox)) {
        Ok(content) => Ok(Answer::File(String::from_utf8_lossy(&content).into())),
        Err(source) => Err(Error::File {
            path: file.path.clone(),
            source,
        }),
    }
}

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

impl Source for FileSource {
    type Query = FileQuery;

    /// Reads the file on a worker thread.
    async fn poll(&self, file: &FileQuery, _: Poll) -> Result<Reply, Error> {
        let (own, path) = (file.clone(), file.path.clone());
        let read = tokio::task::spawn_blocking(move || read(&own)).await;
        let cancelled = |error: tokio::task::JoinError| Error::File {
            path,
            source: std::io::Error::other(error),
        };
        read.map_err(cancelled)?.map(Reply::current)
    }
}
