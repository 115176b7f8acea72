//! The state behind a lock, with a notification after every change.
//!
//! Input: reads and writes. Output: their results. A write wakes all subscribers after the lock is
//! released.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::cluster_state::ClusterState;

/// The state of a server. Clones share one state.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    cluster: Arc<Mutex<ClusterState>>,
    changes: watch::Sender<()>,
}

impl Store {
    /// Creates a store with this state.
    pub(crate) fn new(cluster: ClusterState) -> Self {
        Self {
            cluster: Arc::new(Mutex::new(cluster)),
            changes: watch::Sender::new(()),
        }
    }

    /// Reads the state.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&ClusterState) -> R) -> R {
        read(&self.cluster.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state and what follows from it, then notifies the subscribers.
    pub(crate) fn write<R>(&self, change: impl FnOnce(&mut ClusterState) -> R) -> R {
        let mut cluster = self.cluster.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut cluster);
        cluster.follow_aliases();
        drop(cluster);
        self.changes.send_replace(());
        result
    }

    /// Subscribes to all later changes.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }
}
