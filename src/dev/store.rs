//! The state behind its lock, and the bell that rings after every change.
//!
//! in:  reads and writes
//! out: their results; a change wakes everybody who listens, after the lock is released

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::cluster_state::World;

/// Cheap to clone; all clones are the same store.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    world: Arc<Mutex<World>>,
    bell: watch::Sender<()>,
}

impl Store {
    /// A store of this state.
    pub(crate) fn new(world: World) -> Self {
        Self {
            world: Arc::new(Mutex::new(world)),
            bell: watch::Sender::new(()),
        }
    }

    /// Looks at the state.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        look(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state, then rings.
    pub(crate) fn write<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        let result = change(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner));
        self.bell.send_replace(());
        result
    }

    /// Hears every ring from now on.
    pub(crate) fn listen(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }
}
