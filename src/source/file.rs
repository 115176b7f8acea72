//! Files on this host as a source of data.
//!
//! The daemon calls [`read`] on a worker thread, in `daemon/executor/read.rs`. `FileSource::poll` serves
//! `ctmpl convert`.

use std::io;

use consul_render::sandbox;
use consul_watch::answer::Answer;
use consul_watch::query::FileQuery;
use consul_watch::source::{Error, Poll, Reply, Source};

/// The source for files on this host.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSource;

/// The reason for which a file is refused.
const NOT_TEXT: &str = "it is not UTF-8, and templates are text";

/// Reads a file. This blocks while the file system does.
///
/// # Errors
/// [`Error::File`] if it cannot be read, or is not UTF-8.
pub fn read(file: &FileQuery) -> Result<Answer, Error> {
    let failed = |source| Error::File {
        path: file.path.clone(),
        source,
    };
    match safe_read::read_within(&file.path, file.sandbox.as_deref().map(sandbox)) {
        Ok(content) => String::from_utf8(content)
            .map(|text| Answer::File(text.into()))
            .map_err(|_| failed(io::Error::other(NOT_TEXT))),
        Err(source) => Err(failed(source)),
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
