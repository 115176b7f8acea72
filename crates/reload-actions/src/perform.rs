//! Performs an action.
//!
//! Input: a [`ReloadAction`]. Output: nothing, or an [`ActionError`]. No error shows a header, a body, or the user, the
//! password and the query of a URL.

use std::time::Duration;

use go_duration::GoDuration;
use tokio_util::sync::CancellationToken;

use crate::action::ReloadAction;
use crate::docker::{self, DockerError};
use crate::http::{self, HttpError};
use crate::signal::{self, SignalError};

/// An action that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The signal was not sent.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// The request failed.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The engine did not send the signal.
    #[error(transparent)]
    Docker(#[from] DockerError),
    /// It did not end in time.
    #[error("it did not end within {}", GoDuration(*.0))]
    TimedOut(Duration),
    /// It was stopped on request.
    #[error("it was stopped before its end")]
    Stopped,
}

/// Performs an action. Messages and requests have the name of the `program`. If `stop` is cancelled, or the future is dropped, a pending request is aborted.
///
/// # Errors
/// [`ActionError`] if the action failed, did not end in time, or was stopped.
pub async fn perform(
    action: &ReloadAction,
    program: &'static str,
    limit: Duration,
    stop: &CancellationToken,
) -> Result<(), ActionError> {
    let performed = async {
        match action {
            ReloadAction::Signal { process, signal } => {
                signal::send(process, *signal, program).await?;
            }
            ReloadAction::Http(request) => http::send(request, program, limit).await?,
            ReloadAction::Docker {
                socket,
                container,
                signal,
            } => docker::kill(socket, container, *signal, limit).await?,
        }
        Ok(())
    };
    tokio::select! {
        performed = tokio::time::timeout(limit, performed) => {
            performed.unwrap_or(Err(ActionError::TimedOut(limit)))
        }
        () = stop.cancelled() => Err(ActionError::Stopped),
    }
}
