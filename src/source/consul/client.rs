//! The client for Consul: sends a query as a GET request and returns the answer as a [`Reply`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use url::Url;

use super::setup_error::ClientError;
use super::transport::Transport;
use super::url::Target;
use super::{acl_hint, address_hint, tls_hint, wire};
use crate::answer::Answer;
use crate::config::resolved::ConsulConfig;
use crate::query::{ConsulQuery, NodeQuery, Query};
use crate::source::error::Error;
use crate::source::poll::{Poll, Refresh, Reply, Source, SourceQuery};
use http_client::{HeaderMap, StatusCode};

/// The time limit for a non-blocking answer. A server without a leader holds a request for 7 s.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// The time that a blocking query may take beyond `wait` and its jitter of a sixteenth.
const BLOCKING_GRACE: Duration = Duration::from_secs(10);
/// The poll interval for endpoints that do not support blocking queries.
const INTERVAL: Duration = Duration::from_secs(15);
/// The time within which a closed connection counts as a refusal, because the query cannot have
/// blocked yet.
const REFUSED_WITHIN: Duration = Duration::from_millis(500);
/// The header with the index of an answer. Consul sends it with each answer about data, with 404 too.
const INDEX: &str = "x-consul-index";
/// Consul 1.11 and newer send this header if the token may not read a part of the answer.
const FILTERED: &str = "x-consul-results-filtered-by-acls";

/// A client that polls Consul over HTTP. A clone shares the connections.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Arc<Transport>,
    config: Arc<ConsulConfig>,
    /// The index of the server that answered last.
    preferred: Arc<AtomicUsize>,
}

impl Client {
    /// Creates a client for the configured servers. It sends no request yet.
    ///
    /// # Errors
    /// [`ClientError`] if the settings are not usable.
    pub fn new(config: &ConsulConfig) -> Result<Self, ClientError> {
        let transport = Arc::new(Transport::new(config)?);
        Ok(Self {
            transport,
            config: Arc::new(config.clone()),
            preferred: Arc::default(),
        })
    }

    /// Replaces the token for further requests.
    ///
    /// # Errors
    /// [`ClientError`] if the token is not a valid header value.
    pub fn set_token(&self, token: &SecretString) -> Result<(), ClientError> {
        self.transport.set_token(token)
    }

    /// Reads the certificates and keys again.
    ///
    /// # Errors
    /// [`ClientError`] if they are not usable. Then the previous ones stay in use.
    pub fn read_certificates(&self) -> Result<(), ClientError> {
        self.transport.read_certificates(&self.config)
    }

    fn server(&self, index: usize) -> &Url {
        &self.config.servers[index % self.config.servers.len()]
    }

    /// The address of a server for messages, without user and password.
    fn name(&self, index: usize) -> String {
        let server = self.server(index);
        let Some(host) = server.host_str().filter(|host| !host.is_empty()) else {
            return server.to_string();
        };
        server
            .port_or_known_default()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Returns `true` if a token is configured.
    pub(super) fn has_token(&self) -> bool {
        self.config.token.is_some() || self.config.token_file.is_some()
    }

    pub(super) async fn get(
        &self,
        target: &Target,
        poll: Poll,
    ) -> Result<http_client::Answer, Error> {
        let blocking = target.blocks(poll);
        let limit = if blocking {
            poll.wait + poll.wait / 16 + BLOCKING_GRACE
        } else {
            ANSWER_LIMIT
        };
        let server = poll.server % self.config.servers.len();
        let url = target.url(&self.config, &self.config.servers[server], poll);
        let begun = Instant::now();
        let fetched = self.transport.get(server, &url, limit).await;
        let fetched = fetched
            .map_err(|error| self.request_error(error, poll.server, blocking, begun.elapsed()))?;
        self.preferred.store(server, Ordering::Relaxed);
        Ok(fetched)
    }

    fn request_error(
        &self,
        error: http_client::Error,
        server: usize,
        blocking: bool,
        after: Duration,
    ) -> Error {
        let has_answered = self
            .transport
            .has_answered(server % self.config.servers.len());
        let is_tls = self.server(server).scheme() == "https";
        let remedy = (!has_answered)
            .then(|| address_hint::for_failure(&error, self.server(server)))
            .flatten();
        let server = self.name(server);
        let unreachable = |server, reason| Error::Unreachable { server, reason };
        match error {
            http_client::Error::Invalid(reason) => Error::InvalidRequest { reason },
            http_client::Error::TimedOut => Error::TimedOut { server, blocking },
            http_client::Error::Tls(failure) => {
                unreachable(server, tls_hint::for_failure(&failure, &self.config.tls))
            }
            // With TLS 1.3 a server verifies our certificate after the handshake, and may close the
            // connection without an alert.
            http_client::Error::Closed
                if is_tls && !has_answered && self.config.tls.identity.is_none() =>
            {
                unreachable(server, tls_hint::CLOSED.to_owned())
            }
            http_client::Error::Closed if after < REFUSED_WITHIN => {
                Error::ClosedWithoutAnswer { server, remedy }
            }
            http_client::Error::HeadTooLong
            | http_client::Error::TooLong(_)
            | http_client::Error::TooMuchInFlight(_) => Error::TooLarge {
                server,
                reason: error.to_string(),
            },
            // A connection that is cut during an answer is an outage, not a refusal.
            error => {
                let remedy = remedy.map_or(String::new(), |remedy| format!("; {remedy}"));
                unreachable(server, format!("{error}{remedy}"))
            }
        }
    }

    async fn fetch(&self, query: &ConsulQuery, poll: Poll) -> Result<Reply, Error> {
        let target = Target::of(query);
        let http_client::Answer {
            status,
            headers,
            body,
        } = self.get(&target, poll).await?;
        let answer = match (status, query) {
            (StatusCode::OK, _) => {
                wire::read(query, &body).map_err(|reason| self.unreadable(&reason, poll.server))?
            }
            // Consul's 404 for a missing key has an index to wait on.
            (StatusCode::NOT_FOUND, query) if !headers.contains_key(INDEX) => {
                return Err(self.unknown_path(query.needs(), &body, poll.server));
            }
            (StatusCode::NOT_FOUND, ConsulQuery::Key(_)) if body.is_empty() => Answer::Key(None),
            (StatusCode::NOT_FOUND, ConsulQuery::Pairs(_)) if body.is_empty() => {
                Answer::Pairs(Vec::new())
            }
            // A gateway in front of Consul has a shorter time limit than the blocking query.
            (StatusCode::GATEWAY_TIMEOUT, _) if target.blocks(poll) => {
                return Err(Error::TimedOut {
                    server: self.name(poll.server),
                    blocking: true,
                });
            }
            (StatusCode::FORBIDDEN, query) => return Err(self.denied(query, &body, poll.server)),
            _ => return Err(self.refused(status, &body, poll.server)),
        };
        Ok(Reply {
            answer,
            index: number(&headers, INDEX),
            last_contact: Duration::from_millis(
                number(&headers, "x-consul-lastcontact").unwrap_or(0),
            ),
            is_filtered: is_filtered(&headers),
        })
    }

    fn unreadable(&self, reason: &wire::WireError, server: usize) -> Error {
        Error::Unreadable {
            server: self.name(server),
            reason: reason.to_string(),
        }
    }

    fn refused(&self, status: StatusCode, body: &[u8], server: usize) -> Error {
        Error::Status {
            server: self.name(server),
            status: status.as_u16(),
            message: self.transport.redact(message_of(body)),
        }
    }

    fn denied(&self, query: &ConsulQuery, body: &[u8], server: usize) -> Error {
        let body = message_of(body);
        let text = match acl_hint::for_denied(query, body, self.has_token()) {
            Some(hint) => format!("{body} ({hint})"),
            None => body.to_owned(),
        };
        Error::Status {
            server: self.name(server),
            status: StatusCode::FORBIDDEN.as_u16(),
            message: self.transport.redact(&text),
        }
    }

    /// The error for a path that the server does not know. `needs`: the version of Consul that knows it, if not all do.
    fn unknown_path(&self, needs: Option<&str>, body: &[u8], server: usize) -> Error {
        if let Some(needs) = needs.filter(|_| body.is_empty()) {
            let text = format!("it does not know this query; that needs {needs}");
            return self.refused(StatusCode::NOT_FOUND, text.as_bytes(), server);
        }
        // A web server has a page, a gateway `404 page not found` or JSON; Consul has a sentence.
        let message = message_of(body);
        let is_from_consul = !message.is_empty() && !message.starts_with(['4', '{']);
        if needs.is_some() || is_from_consul {
            return self.refused(StatusCode::NOT_FOUND, body, server);
        }
        let address = self.server(server).as_str().trim_end_matches('/');
        Error::NotConsul {
            address: address.to_owned(),
            remedy: if address.ends_with("/v1") {
                "write it without /v1, which ctmpl adds itself"
            } else {
                "write HOST:PORT of Consul, or the whole prefix of a proxy: http(s)://HOST:PORT/PREFIX"
            },
        }
    }

    /// Requests the name of the agent's node, for a node query without a name.
    async fn own_node(&self, poll: Poll) -> Result<String, Error> {
        let http_client::Answer { status, body, .. } = self.get(&Target::agent(), poll).await?;
        match status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(self.unknown_path(None, &body, poll.server)),
            _ => return Err(self.refused(status, &body, poll.server)),
        }
        wire::node_name(&body).map_err(|reason| self.unreadable(&reason, poll.server))
    }

    /// Returns the datacenters whose catalog responds.
    async fn responding(&self, datacenters: Vec<String>, poll: Poll) -> Vec<String> {
        let mut responding = BTreeSet::new();
        for datacenter in datacenters {
            let fetched = self.get(&Target::catalog_of(&datacenter), poll).await;
            if fetched.is_ok_and(|fetched| fetched.status == StatusCode::OK) {
                responding.insert(datacenter);
            }
        }
        responding.into_iter().collect()
    }
}

impl SourceQuery for ConsulQuery {
    fn select(query: &Query) -> Option<&Self> {
        match query {
            Query::Consul(query) => Some(query),
            _ => None,
        }
    }

    fn refresh(&self) -> Refresh {
        if self.blocks() {
            Refresh::Blocking
        } else {
            Refresh::Interval(INTERVAL)
        }
    }

    fn is_secret(&self) -> bool {
        // The answer has a private key.
        matches!(self, Self::CaLeaf(_))
    }
}

impl Source for Client {
    type Query = ConsulQuery;

    fn servers(&self) -> usize {
        self.config.servers.len()
    }

    fn preferred(&self) -> usize {
        self.preferred.load(Ordering::Relaxed)
    }

    async fn poll(&self, query: &ConsulQuery, poll: Poll) -> Result<Reply, Error> {
        let query = match query {
            ConsulQuery::Node(node) if node.name.is_empty() => {
                let name = self.own_node(poll).await?;
                &ConsulQuery::Node(NodeQuery {
                    name,
                    scope: node.scope.clone(),
                })
            }
            query => query,
        };
        let mut reply = self.fetch(query, poll).await?;
        if let (ConsulQuery::Datacenters(wanted), Answer::Datacenters(names)) =
            (query, &mut reply.answer)
            && wanted.ignore_failing
        {
            *names = self.responding(std::mem::take(names), poll).await;
        }
        Ok(reply)
    }
}

/// The body of an error, if it is one short line of text; else empty.
fn message_of(body: &[u8]) -> &str {
    let text = std::str::from_utf8(body).unwrap_or_default().trim();
    if text.starts_with('<') || text.contains('\n') || text.len() > 300 {
        ""
    } else {
        text
    }
}

/// Returns `true` if the server left out what the token may not read.
pub(super) fn is_filtered(headers: &HeaderMap) -> bool {
    headers.get(FILTERED).is_some_and(|value| value == "true")
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}
