//! Shuts down what the executor owns, in bounded time.
//!
//! Input: the decided [`End`]. Output: the same, or another one if a signal arrives meanwhile.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::timeout;

use super::Executor;
use crate::daemon::end::End;

/// The time that shutdown waits for a batch of files that is being written. The loop has waited before.
const WRITE_TIMEOUT: Duration = Duration::from_secs(1);

/// The time that shutdown gives commands between SIGTERM and SIGKILL.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// The time that shutdown waits for the output of commands to be passed on.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(200);

impl Executor {
    /// Shuts everything down, in an orderly way unless another signal arrives.
    pub(in crate::daemon) async fn shutdown(self, end: End) -> End {
        // Do not wait for workers: their results are not needed any more, and they may hang.
        self.stop_rendering.store(true, Ordering::Relaxed);
        let Self {
            mut process,
            watcher,
            mut answers,
            writers,
            stop,
            mut child,
            mut tasks,
            mut lingering,
            relay,
            ..
        } = self;
        let is_once = process.is_once();
        let orderly = async {
            // A batch in progress completes, unless its file system hangs.
            // The watcher cannot end while it waits for room for its answers.
            let rest = async { while answers.recv().await.is_some() {} };
            let written = async { tokio::join!(writers.finish(), watcher.finish(), rest) };
            let _ = timeout(WRITE_TIMEOUT, written).await;
            // A command that still runs gets its stop signal, then SIGKILL.
            stop.cancel();
            // A child that still runs has exceeded its timeout: its reaper kills it.
            child.shutdown().await;
            let ended = async { while tasks.join_next().await.is_some() {} };
            let _ = timeout(STOP_TIMEOUT, ended).await;
            // Kills the commands that still run. A thread that hangs in a file system does not end.
            let _ = timeout(STOP_TIMEOUT, tasks.shutdown()).await;
            lingering.shutdown().await;
            if let Some(relay) = relay {
                // A run that ends by itself loses no output; a signal still ends the wait.
                let may_wait = is_once && end != End::Interrupted;
                let limit = (!may_wait).then_some(FLUSH_TIMEOUT);
                relay.flush(limit).await;
            }
        };
        tokio::select! {
            () = orderly => end,
            () = process.next_end() => End::Interrupted,
        }
    }
}
