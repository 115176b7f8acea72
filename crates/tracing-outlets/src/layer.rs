//! The outlets as a layer of `tracing`'s subscriber.
//!
//! Input: events that passed the filter of the application. Output: [`Record`]s in the queues of the outlets.

use std::sync::{Arc, PoisonError, RwLock};

use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::queue::Queue;
use crate::record::{Component, Record};

/// Pushes every event to the queues of all outlets.
///
/// All outlets share this layer and its records, so that an event has the same time everywhere.
#[derive(Clone, Debug)]
pub struct OutletLayer {
    component: Component,
    queues: Arc<RwLock<Vec<Arc<Queue>>>>,
}

impl OutletLayer {
    /// Creates a layer without outlets.
    pub(crate) fn new(component: Component) -> Self {
        Self {
            component,
            queues: Arc::default(),
        }
    }

    /// Replaces the queues.
    pub(crate) fn set(&self, queues: Vec<Arc<Queue>>) {
        *self.queues.write().unwrap_or_else(PoisonError::into_inner) = queues;
    }
}

impl<S: Subscriber> Layer<S> for OutletLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let record = Arc::new(Record::of(event, self.component));
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        for queue in queues.iter() {
            queue.push(&record);
        }
    }
}
