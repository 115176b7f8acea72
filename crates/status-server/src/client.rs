//! Asks the status server of a daemon.
//!
//! Input: its address and a path. Output: the [`StatusResponse`], or an [`AskError`].

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::address::StatusAddr;
use crate::names::SettingNames;

/// The time for an answer. A healthy daemon needs a few milliseconds.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum size of an answer, in bytes.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// An answer of the status server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusResponse {
    /// The HTTP code.
    pub code: u16,
    /// The body.
    pub body: Bytes,
}

/// A daemon that does not answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nothing listens on the address, or the user may not connect.
    #[error(
        "no daemon answers on {address}; start it with this {}, or name its address with {}",
        names.address, names.flag
    )]
    Unreachable {
        /// The address.
        address: StatusAddr,
        /// The names of the settings.
        names: SettingNames,
        /// The cause.
        source: io::Error,
    },
    /// The answer takes too long.
    #[error("the daemon on {address} has not answered for {} s", TIMEOUT.as_secs())]
    Slow {
        /// The address.
        address: StatusAddr,
    },
    /// The connection is closed without a complete answer.
    #[error(
        "the process on {address} closes the connection; a unix socket answers only the user of the daemon and root"
    )]
    Broken {
        /// The address.
        address: StatusAddr,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Sends a GET request.
///
/// # Errors
/// [`AskError`].
pub async fn ask(
    address: &StatusAddr,
    path: &str,
    names: SettingNames,
) -> Result<StatusResponse, AskError> {
    let asked = async {
        match address {
            StatusAddr::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await;
                on(stream, address, path, names).await
            }
            StatusAddr::Socket(file) => {
                on(UnixStream::connect(file).await, address, path, names).await
            }
            StatusAddr::Abstract(name) => {
                // In this notation, such a name begins with a zero byte.
                let stream = UnixStream::connect(format!("\0{name}")).await;
                on(stream, address, path, names).await
            }
        }
    };
    timeout(TIMEOUT, asked).await.unwrap_or_else(|_| {
        Err(AskError::Slow {
            address: address.clone(),
        })
    })
}

async fn on<S>(
    stream: io::Result<S>,
    address: &StatusAddr,
    path: &str,
    names: SettingNames,
) -> Result<StatusResponse, AskError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = stream.map_err(|source| AskError::Unreachable {
        address: address.clone(),
        names,
        source,
    })?;
    exchange(stream, path, names.program)
        .await
        .map_err(|source| AskError::Broken {
            address: address.clone(),
            source,
        })
}

async fn exchange<S>(
    stream: S,
    path: &str,
    host: &str,
) -> Result<StatusResponse, Box<dyn std::error::Error + Send + Sync>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get(path)
        .header(HOST, host)
        .body(Empty::<Bytes>::new())?;
    let answered = async {
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await?.to_bytes();
        let code = head.status.as_u16();
        Ok(StatusResponse { code, body })
    };
    tokio::pin!(connection);
    tokio::pin!(answered);
    tokio::select! {
        answer = &mut answered => answer,
        // It may end with the last bytes of the answer.
        _ = &mut connection => answered.await,
    }
}
