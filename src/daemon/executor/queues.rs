//! Waits for queued events, tasks and answers.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::daemon::event::Event;
use consul_watch::watch::WatchEvent;

/// The maximum number of query events that one iteration of the loop handles.
const BATCH: usize = 2048;

/// Waits for the first queued event; pends forever if the queue is empty.
pub(super) async fn ready(events: &mut VecDeque<Event>) -> Event {
    match events.pop_front() {
        Some(event) => event,
        None => std::future::pending().await,
    }
}

/// Waits for the next task that ends; pends forever without tasks.
pub(super) async fn join(tasks: &mut JoinSet<Event>) -> Event {
    match tasks.join_next().await {
        Some(Ok(event)) => event,
        // The text of the error may quote values.
        Some(Err(_)) => Event::TaskLost("a task".to_owned()),
        None => std::future::pending().await,
    }
}

/// Waits for at least one event and returns all that have arrived.
pub(super) async fn take(answers: &mut mpsc::Receiver<WatchEvent>) -> Vec<WatchEvent> {
    let mut events = Vec::new();
    if answers.recv_many(&mut events, BATCH).await == 0 {
        // The watcher, which holds the sender, lives as long as the loop.
        std::future::pending::<()>().await;
    }
    events
}
