//! How a request reaches a server: plainly, or with what `reqwest` knows of TLS and proxies.
//!
//! in:  an address, and how long the answer may take
//! out: the status, the headers and the whole body, or what became of them ([`TransportError`])

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::client::ClientError;
use super::full::{TlsTransport, has_proxy};
use super::plain::TcpTransport;
use super::tls::Tls;
use crate::config::duration::GoDuration;
use crate::config::resolved::{BasicAuth, ConsulConfig};

const TOKEN: HeaderName = HeaderName::from_static("x-consul-token");
/// The longest answer that is read; Consul's own are far below.
pub(super) const LONGEST_ANSWER: usize = 256 << 20;

/// A whole answer.
#[derive(Debug)]
pub(super) struct RawResponse {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum TransportError {
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

impl TransportError {
    /// Connecting took longer than it may.
    pub(super) fn late(limit: Duration) -> Self {
        Self::Unreachable(format!("connecting took longer than {}", GoDuration(limit)))
    }
}

/// Both ways.
#[derive(Debug)]
pub(super) struct Transport {
    /// Sent with every request; the token among them may change.
    headers: RwLock<Arc<HeaderMap>>,
    plain: TcpTransport,
    /// Empty where no server needs it: setting up TLS takes longer than everything else at the start.
    full: RwLock<Vec<Option<Arc<TlsTransport>>>>,
}

impl Transport {
    pub(super) fn new(config: &ConsulConfig) -> Result<Self, ClientError> {
        let headers = RwLock::new(Arc::new(headers(config)?));
        if config.is_over_tls() && !config.tls.verify {
            tracing::warn!(
                name: "consul.unverified",
                "certificates of Consul are not verified (--consul-ssl-verify=false): whoever answers at its address is \
                 believed, and is told the token"
            );
        }
        Ok(Self {
            headers,
            plain: TcpTransport::new(config.transport),
            full: RwLock::new(full(config)?),
        })
    }

    /// Reads the certificates again; connections from now on are made with them. Those that wait go on waiting.
    pub(super) fn read_certificates(&self, config: &ConsulConfig) -> Result<(), ClientError> {
        let full = full(config)?;
        *self.full.write().unwrap_or_else(PoisonError::into_inner) = full;
        Ok(())
    }

    /// Sends another token from now on.
    pub(super) fn set_token(&self, token: &SecretString) -> Result<(), ClientError> {
        let value = token_header(token)?;
        let mut headers = self.headers.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut headers).insert(TOKEN, value);
        Ok(())
    }

    /// Asks the server that stands at this place in the configuration.
    pub(super) async fn get(
        &self,
        place: usize,
        server: &Url,
        address: Url,
        limit: Duration,
    ) -> Result<RawResponse, TransportError> {
        let headers = Arc::clone(&self.headers.read().unwrap_or_else(PoisonError::into_inner));
        let full = self
            .full
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(place)
            .cloned()
            .flatten();
        let fetched = async {
            match full {
                Some(full) => full.get(address, (*headers).clone()).await,
                None => self.plain.get(server, &address, &headers).await,
            }
        };
        timeout(limit, fetched)
            .await
            .unwrap_or(Err(TransportError::TimedOut))
    }
}

/// Those who need more than a plain connection, in the order of the servers.
fn full(config: &ConsulConfig) -> Result<Vec<Option<Arc<TlsTransport>>>, ClientError> {
    if !config.servers.iter().any(needs_more) {
        return Ok(Vec::new());
    }
    let tls = if config.is_over_tls() {
        Tls::new(&config.tls)?
    } else {
        Tls::for_proxies()?
    };
    let full = |server| {
        needs_more(server).then(|| TlsTransport::new(server, tls.clone(), config).map(Arc::new))
    };
    config
        .servers
        .iter()
        .map(|server| full(server).transpose())
        .collect()
}

/// Does a server need TLS or a proxy?
fn needs_more(server: &Url) -> bool {
    server.scheme() == "https" || (server.scheme() == "http" && has_proxy(server))
}

fn headers(config: &ConsulConfig) -> Result<HeaderMap, ClientError> {
    let mut headers = HeaderMap::new();
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("ctmpl/", env!("CARGO_PKG_VERSION"))),
    );
    if let Some(token) = &config.token {
        headers.insert(TOKEN, token_header(token)?);
    }
    if let Some(auth) = &config.auth {
        headers.insert(AUTHORIZATION, secret(basic(auth)?));
    }
    Ok(headers)
}

fn token_header(token: &SecretString) -> Result<HeaderValue, ClientError> {
    HeaderValue::from_str(token.expose_secret())
        .map(secret)
        .map_err(|_| ClientError::Token)
}

/// Never shown, not even by a debugger's print.
fn secret(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

fn basic(auth: &BasicAuth) -> Result<HeaderValue, ClientError> {
    use base64::Engine;
    let BasicAuth { username, password } = auth;
    let text = base64::engine::general_purpose::STANDARD
        .encode(format!("{username}:{}", password.expose_secret()));
    HeaderValue::from_str(&format!("Basic {text}")).map_err(|_| ClientError::Auth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::resolved::{RetryConfig, TlsConfig, TransportConfig};

    fn sent(transport: &Transport, name: &str) -> Option<String> {
        let headers = transport.headers.read().unwrap();
        // No print shows it; only who sends it sees it.
        assert!(
            headers.get(name).is_none_or(HeaderValue::is_sensitive),
            "{name}"
        );
        headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_token_and_the_password_are_sent_and_the_token_can_be_replaced() {
        let config = ConsulConfig {
            servers: vec![
                "http://127.0.0.1:1".parse().unwrap(),
                "unix:///s".parse().unwrap(),
            ],
            tls: TlsConfig::DEFAULT,
            token: Some("one".into()),
            token_file: None,
            auth: Some(BasicAuth {
                username: "u".to_owned(),
                password: "p:q".into(),
            }),
            namespace: None,
            partition: None,
            max_stale: None,
            block_query_wait: Duration::from_secs(60),
            retry: RetryConfig::DEFAULT,
            transport: TransportConfig::DEFAULT,
            exports: Vec::new(),
        };
        let transport = Transport::new(&config).unwrap();
        assert!(
            transport.full.read().unwrap().is_empty(),
            "nothing needs TLS"
        );
        assert_eq!(
            sent(&transport, "authorization").as_deref(),
            Some("Basic dTpwOnE=")
        );
        assert_eq!(sent(&transport, "x-consul-token").as_deref(), Some("one"));
        transport.set_token(&"two".into()).unwrap();
        assert_eq!(sent(&transport, "x-consul-token").as_deref(), Some("two"));
        assert!(matches!(
            transport.set_token(&"no\ntoken".into()),
            Err(ClientError::Token)
        ));
        assert_eq!(sent(&transport, "x-consul-token").as_deref(), Some("two"));
        assert_eq!(sent(&transport, "x-unknown"), None);
    }
}
