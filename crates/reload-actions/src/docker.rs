//! Sends a signal to a container, over the socket of Docker's engine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http_client::{Method, Request, StatusCode};
use nix::sys::signal::Signal;
use url::Url;

use crate::request::{RequestError, status};

/// A container that did not get its signal.
#[derive(Debug, thiserror::Error)]
pub enum DockerError {
    /// The path of the socket is not absolute.
    #[error("the socket {} needs an absolute path", .0.display())]
    Socket(PathBuf),
    /// There is no answer.
    #[error("cannot reach Docker's engine at {}", socket.display())]
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// The cause.
        source: RequestError,
    },
    /// There is no such container.
    #[error("there is no container {0}; `docker ps` lists them")]
    NoContainer(String),
    /// The container does not run.
    #[error("the container {0} is not running")]
    NotRunning(String),
    /// Another error of the engine.
    #[error("Docker's engine answered {status} for the container {container}")]
    Status {
        /// The container.
        container: String,
        /// The status of the answer.
        status: StatusCode,
    },
}

/// Sends the signal to the first process of the container.
pub(crate) async fn kill(
    socket: &Path,
    container: &str,
    signal: Signal,
    limit: Duration,
) -> Result<(), DockerError> {
    let server = server(socket).ok_or_else(|| DockerError::Socket(socket.to_owned()))?;
    // The configuration accepts only names that need no escapes.
    let target = format!("/containers/{container}/kill?signal={signal}");
    let answered = status(&server, &Request::new(Method::POST, target), limit).await;
    let status = answered.map_err(|source| DockerError::Unreachable {
        socket: socket.to_owned(),
        source,
    })?;
    let container = container.to_owned();
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::NOT_FOUND => Err(DockerError::NoContainer(container)),
        StatusCode::CONFLICT => Err(DockerError::NotRunning(container)),
        status => Err(DockerError::Status { container, status }),
    }
}

/// The URL of a socket; `None` if its path is not absolute.
fn server(socket: &Path) -> Option<Url> {
    // With the escapes that a path needs in a URL.
    let file = Url::from_file_path(socket).ok()?;
    let mut url = Url::parse("unix:///").ok()?;
    url.set_path(file.path());
    Some(url)
}
