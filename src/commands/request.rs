//! Requests to the running daemon, by `rollback` and `approve`.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use apply_ledger::{Answer, History, LedgerError, RequestId, RequestQueue};
use ctmpl_options::exit_code;

use super::output::{Failure, escaped_lines, print};
use super::state;

/// How long the command waits for the answer of the daemon.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause between two looks for the answer.
const PAUSE: Duration = Duration::from_millis(50);

/// Queues a request for the daemon that uses a state directory, and prints its answer. `again` completes the
/// sentence "Start ctmpl, then …".
pub(super) fn send(
    history: &History,
    directory: &Path,
    again: &str,
    add: impl FnOnce(&mut RequestQueue) -> Result<RequestId, LedgerError>,
) -> Result<u8, Failure> {
    require_daemon(history, directory, again)?;
    let queue = RequestQueue::open(directory);
    let mut queue = queue.map_err(|error| state::unusable(directory, error))?;
    let request = add(&mut queue)?;
    match wait(&queue, request)? {
        Some(answer) if answer.succeeded => {
            Ok(print(&escaped_lines(&format!("{}\n", answer.text))))
        }
        Some(answer) => Err(failed(anyhow!(answer.text))),
        None if history.is_in_use().is_ok_and(|is_in_use| !is_in_use) => Err(failed(anyhow!(
            "the daemon has ended without a result; the next start of ctmpl continues with the request, and its log \
             shows the result"
        ))),
        None => Err(failed(anyhow!(
            "the daemon has reported no result within {} s; it continues with the request, and its log shows the result",
            PATIENCE.as_secs()
        ))),
    }
}

fn failed(error: anyhow::Error) -> Failure {
    Failure::new(exit_code::FAILURE, error)
}

fn require_daemon(history: &History, directory: &Path, again: &str) -> Result<(), Failure> {
    let directory = directory.display();
    let is_in_use = history
        .is_in_use()
        .with_context(|| format!("cannot look for a daemon in {directory}"))
        .map_err(failed)?;
    if is_in_use {
        return Ok(());
    }
    Err(failed(anyhow!(
        "no daemon is running with the state directory {directory}; nothing is changed. Start ctmpl, then {again}"
    )))
}

/// Waits for the answer of the daemon.
fn wait(queue: &RequestQueue, request: RequestId) -> Result<Option<Answer>, Failure> {
    let begun = Instant::now();
    loop {
        let answer = queue.answer(request)?;
        if answer.is_some() || begun.elapsed() > PATIENCE {
            return Ok(answer);
        }
        std::thread::sleep(PAUSE);
    }
}
