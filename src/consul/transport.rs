//! How a request reaches a server: plainly, or with what `reqwest` knows of TLS and proxies.
//!
//! in:  an address, and how long the answer may take
//! out: the status, the headers and the whole body, or what became of them ([`Lost`])

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{StatusCode, Url};
use secrecy::ExposeSecret;
use tokio::time::timeout;

use super::client::ClientError;
use super::error::{hung_up, reason};
use super::plain::Plain;
use crate::config::resolved::{BasicAuth, ConsulConfig};

/// How long connecting may take.
pub(super) const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// The longest answer that is read; Consul's own are far below.
pub(super) const LONGEST_ANSWER: usize = 256 << 20;

/// A whole answer.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Lost {
    /// The request is none that can be sent; with the reason.
    Unaskable(String),
    /// No connection, or one that is of no use; with the reason.
    Unreachable(String),
    /// The other side closed the connection before it said anything.
    HungUp,
    /// The head of the answer is larger than any server's should be.
    LargeHead,
    /// The answer stops in the middle; with the reason.
    CutOff(String),
    /// The answer is longer than [`LONGEST_ANSWER`].
    TooLong,
    /// It took too long.
    TimedOut,
}

/// Both ways.
#[derive(Debug)]
pub(super) struct Transport {
    headers: HeaderMap,
    plain: Plain,
    /// Only where a server needs it: setting up TLS takes longer than everything else at the start.
    full: Option<reqwest::Client>,
}

impl Transport {
    pub(super) fn new(config: &ConsulConfig) -> Result<Self, ClientError> {
        let full = config.servers.iter().any(needs_more).then(full).transpose()?;
        Ok(Self { headers: headers(config)?, plain: Plain::default(), full })
    }

    pub(super) async fn get(&self, address: Url, limit: Duration) -> Result<Fetched, Lost> {
        let fetched = async {
            match &self.full {
                Some(full) if needs_more(&address) => fetch(full, address, self.headers.clone()).await,
                _ => self.plain.get(&address, &self.headers).await,
            }
        };
        timeout(limit, fetched).await.unwrap_or(Err(Lost::TimedOut))
    }
}

async fn fetch(full: &reqwest::Client, address: Url, headers: HeaderMap) -> Result<Fetched, Lost> {
    let sent = full.get(address).headers(headers).send().await;
    let mut response = sent.map_err(|error| {
        if error.is_builder() {
            Lost::Unaskable(reason(&error))
        } else if hung_up(&error) && !error.is_connect() {
            Lost::HungUp
        } else {
            Lost::Unreachable(reason(&error))
        }
    })?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Lost::CutOff(reason(&error)))? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(Lost::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched { status: response.status(), headers: std::mem::take(response.headers_mut()), body })
}

/// The client that knows TLS and the proxies of the environment.
fn full() -> Result<reqwest::Client, ClientError> {
    // Chooses the implementation of TLS for the process; a second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_LIMIT)
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(10))
        .tcp_keepalive_interval(Duration::from_secs(5))
        .tcp_keepalive_retries(3)
        .pool_idle_timeout(Duration::from_secs(30))
        .build()
        .map_err(ClientError::Http)
}

/// Does a server need TLS or a proxy? As with Go's client, a proxy is not for this machine.
fn needs_more(server: &Url) -> bool {
    let variables = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
    let has_proxy = || variables.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    server.scheme() != "http" || (!is_loopback(server) && has_proxy())
}

fn is_loopback(server: &Url) -> bool {
    match server.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn headers(config: &ConsulConfig) -> Result<HeaderMap, ClientError> {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("ctmpl/", env!("CARGO_PKG_VERSION"))));
    if let Some(token) = &config.token {
        let value = HeaderValue::from_str(token.expose_secret()).map_err(|_| ClientError::Token)?;
        headers.insert(HeaderName::from_static("x-consul-token"), secret(value));
    }
    if let Some(auth) = &config.auth {
        headers.insert(AUTHORIZATION, secret(basic(auth)?));
    }
    Ok(headers)
}

/// Never shown, not even by a debugger's print.
fn secret(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

fn basic(auth: &BasicAuth) -> Result<HeaderValue, ClientError> {
    use base64::Engine;
    let BasicAuth { username, password } = auth;
    let text = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{}", password.expose_secret()));
    HeaderValue::from_str(&format!("Basic {text}")).map_err(|_| ClientError::Auth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for (server, expected) in [
            ("http://127.0.0.1:8500", true),
            ("http://127.9.9.9", true),
            ("http://localhost", true),
            ("http://[::1]:1", true),
            ("http://10.0.0.1", false),
            ("http://localhost.example", false),
        ] {
            assert_eq!(is_loopback(&server.parse().unwrap()), expected, "{server}");
        }
    }
}
