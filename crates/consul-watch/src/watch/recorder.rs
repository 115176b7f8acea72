//! Writes the record of the connections, one write at a time, on a thread of its own.

use std::future::pending;
use std::time::Duration;

use tokio::task::JoinSet;

use super::connection_file::ConnectionFile;
use super::connection_record::{ConnectionRecord, KeptConnections};

/// Writes the record of the connections.
#[derive(Debug, Default)]
pub struct Recorder {
    /// The file; `None`: nothing is recorded.
    file: Option<ConnectionFile>,
    /// For how long the servers keep connections of earlier processes.
    kept: KeptConnections,
    /// The present write; its result says whether it has succeeded.
    writes: JoinSet<bool>,
}

impl Recorder {
    /// Creates a recorder for this file. `kept` is what it said before.
    #[must_use]
    pub fn new(file: ConnectionFile, kept: KeptConnections) -> Self {
        Self {
            file: Some(file),
            kept,
            ..Self::default()
        }
    }

    /// Returns `true` if there is a file.
    pub(super) fn is_on(&self) -> bool {
        self.file.is_some()
    }

    /// For how long a server still keeps connections of earlier processes.
    pub(super) fn kept(&self, address: &str) -> Vec<Duration> {
        self.kept.get(address).cloned().unwrap_or_default()
    }

    /// Begins to write. [`Recorder::written`] returns the result.
    pub(super) fn write(&mut self, record: ConnectionRecord) {
        if let Some(file) = self.file.clone() {
            self.writes.spawn_blocking(move || file.write(&record));
        }
    }

    /// Waits for the result of the present write; pends forever without one.
    pub(super) async fn written(&mut self) -> bool {
        match self.writes.join_next().await {
            Some(joined) => joined.unwrap_or(false),
            None => pending().await,
        }
    }

    /// Writes the last record after the present write.
    pub(super) async fn finish(&mut self, record: ConnectionRecord) {
        while self.writes.join_next().await.is_some() {}
        self.write(record);
        while self.writes.join_next().await.is_some() {}
    }
}
