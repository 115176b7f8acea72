//! One request over a connection of its own.

use std::time::Duration;

use http_client::{
    Client, Error, Limits, Request, StatusCode, Tls, TlsConfig, TlsError, TransportConfig,
};
use url::Url;

/// The reason for which a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No answer.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Sends a request, and returns the status of its answer. The body of the answer is not read.
pub(crate) async fn status(
    server: &Url,
    request: &Request,
    limit: Duration,
) -> Result<StatusCode, RequestError> {
    let settings = TransportConfig {
        connect_limit: Some(limit),
        handshake_limit: Some(limit),
        reuse: false,
        ..TransportConfig::DEFAULT
    };
    let tls = match server.scheme() {
        "https" => Some(Tls::new(&TlsConfig::DEFAULT)?),
        _ => None,
    };
    let client = Client::new(settings, Limits::default());
    let response = client.endpoint(server, tls)?.send(request).await?;
    Ok(response.status)
}
