//! The client for Consul: sends a query as a GET request and returns the answer as a [`Reply`].

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use super::config::ClientConfig;
use super::headers::{is_filtered, number};
use super::message::message_of;
use super::not_consul::{self, INDEX, Sender};
use super::request_failure::{self, Unanswered};
use super::retry_after::retry_after;
use super::setup_error::ClientError;
use super::traffic::{Traffic, TrafficCounter};
use super::transport::Transport;
use super::url::Target;
use super::{acl_hint, wire};
use crate::answer::Answer;
use crate::query::ConsulQuery;
use crate::source::error::Error;
use crate::source::poll::{Poll, Reply};
use http_client::StatusCode;

/// The time limit for a non-blocking answer. A server without a leader holds a request for 7 s.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// The time that a blocking query may take beyond `wait` and its jitter of a sixteenth.
const BLOCKING_GRACE: Duration = Duration::from_secs(10);
/// The time limit for the answer that shows whether a server responds at all.
pub(super) const PROBE_LIMIT: Duration = Duration::from_secs(5);

/// A client that polls Consul over HTTP. A clone shares the connections.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) transport: Arc<Transport>,
    config: Arc<ClientConfig>,
    /// The index of the server that answered a query last.
    pub(super) preferred: Arc<AtomicUsize>,
    traffic: Arc<TrafficCounter>,
}

impl Client {
    /// Creates a client for the configured servers. It sends no request yet.
    ///
    /// # Errors
    /// [`ClientError`] if the settings are not usable.
    pub fn new(config: &ClientConfig) -> Result<Self, ClientError> {
        let transport = Arc::new(Transport::new(config)?);
        Ok(Self {
            transport,
            config: Arc::new(config.clone()),
            preferred: Arc::default(),
            traffic: Arc::default(),
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

    /// A client with the same connections that counts only its own traffic.
    #[must_use]
    pub fn with_own_traffic(&self) -> Self {
        Self {
            traffic: Arc::default(),
            ..self.clone()
        }
    }

    /// The traffic since the client was created, with that of its clones.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.traffic.total()
    }

    pub(super) fn config(&self) -> &ClientConfig {
        &self.config
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
        self.config.token.is_some()
    }

    /// Requests a target. A blocking query whose connection is cut is repeated once without an index, because the server
    /// may have lost its state: with the old index it would block until the state has caught up.
    pub(super) async fn get(
        &self,
        target: &Target,
        mut poll: Poll,
    ) -> Result<http_client::Answer, Error> {
        let begun = Instant::now();
        let mut sent = self.send(target, poll).await;
        if let Err(error) = &sent
            && target.blocks(poll)
            && request_failure::is_cut(error, begun.elapsed())
        {
            let server = self.name(poll.server);
            tracing::debug!(
                name: "consul.poll_cut", %server,
                "Consul at {server}: the connection of a blocking query was closed; the query starts over"
            );
            poll.index = 0;
            sent = self.send(target, poll).await;
        }
        sent.map_err(|error| {
            let server = poll.server % self.config.servers.len();
            Unanswered {
                server: self.server(server),
                name: self.name(server),
                has_answered: self.transport.has_answered(server),
                config: &self.config,
                blocking: target.blocks(poll),
                // A server that has just cut a poll, and refuses its repetition, is not throttling.
                after: begun.elapsed(),
            }
            .error(error)
        })
    }

    async fn send(
        &self,
        target: &Target,
        poll: Poll,
    ) -> Result<http_client::Answer, http_client::Error> {
        let blocking = target.blocks(poll);
        let limit = if blocking {
            poll.wait + poll.wait / 16 + BLOCKING_GRACE
        } else if target.is_quick() {
            PROBE_LIMIT
        } else {
            ANSWER_LIMIT
        };
        let server = poll.server % self.config.servers.len();
        let url = target.url(&self.config, &self.config.servers[server], poll);
        let answer = self.transport.get(server, &url, limit, blocking).await?;
        self.traffic.count(answer.body.len());
        Ok(answer)
    }

    /// Requests a target, and refuses an answer that is not Consul's. `needs`: the version of Consul that knows the path,
    /// if not all do.
    pub(super) async fn get_from_consul(
        &self,
        target: &Target,
        poll: Poll,
        needs: Option<&str>,
    ) -> Result<http_client::Answer, Error> {
        let mut answer = self.get(target, poll).await?;
        let mut is_consul = false;
        if not_consul::sender(&answer) == Sender::Unclear && self.is_consul(poll.server).await {
            // A proxy may have answered before, and Consul now.
            answer = self.get(target, poll).await?;
            is_consul = true;
        }
        match not_consul::sender(&answer) {
            Sender::Consul => Ok(answer),
            Sender::Unclear if is_consul => Err(self.unknown_path(&answer, needs, poll.server)),
            Sender::ConsulWithoutPath if needs.is_some() => {
                Err(self.unknown_path(&answer, needs, poll.server))
            }
            Sender::ConsulWithoutPath | Sender::Unclear | Sender::Other => {
                let redact = |text: &str| self.transport.redact(text);
                let server = self.server(poll.server);
                Err(not_consul::error(
                    &answer,
                    server,
                    &self.config.names,
                    redact,
                ))
            }
        }
    }

    /// Returns `true` if Consul answers at this server.
    async fn is_consul(&self, server: usize) -> bool {
        let answer = self.get(&Target::leader(), Poll::once(server)).await;
        answer.is_ok_and(|answer| {
            answer.status == StatusCode::OK
                && serde_json::from_slice::<String>(&answer.body).is_ok()
        })
    }

    pub(super) async fn fetch(
        &self,
        query: &ConsulQuery,
        poll: Poll,
        previous: &Weak<Answer>,
    ) -> Result<Reply, Error> {
        let target = Target::of(query);
        let answer = self.get_from_consul(&target, poll, query.needs()).await?;
        let answered = match (answer.status, query) {
            (StatusCode::OK, _) => wire::read(query, &answer.body, previous.upgrade().as_deref())
                .map_err(|reason| self.unreadable(&reason, poll.server))?,
            // Consul's 404 for a missing key has an index to wait on.
            (StatusCode::NOT_FOUND, ConsulQuery::Key(_)) if answer.body.is_empty() => {
                Answer::Key(None)
            }
            (StatusCode::NOT_FOUND, ConsulQuery::Pairs(_)) if answer.body.is_empty() => {
                Answer::Pairs(Vec::new())
            }
            // A gateway in front of Consul has a shorter time limit than the blocking query.
            (StatusCode::GATEWAY_TIMEOUT, _) if target.blocks(poll) => {
                return Err(self.idle(poll.server));
            }
            (StatusCode::FORBIDDEN, query) => return Err(self.denied(query, &answer, poll.server)),
            _ => return Err(self.refused(&answer, poll.server)),
        };
        let server = poll.server % self.config.servers.len();
        self.preferred.store(server, Ordering::Relaxed);
        let headers = &answer.headers;
        Ok(Reply {
            answer: answered,
            index: number(headers, INDEX),
            last_contact: Duration::from_millis(
                number(headers, "x-consul-lastcontact").unwrap_or(0),
            ),
            is_filtered: is_filtered(headers),
            bytes: answer.body.len(),
        })
    }

    pub(super) fn unreadable(&self, reason: &wire::WireError, server: usize) -> Error {
        Error::Unreadable {
            server: self.name(server),
            reason: reason.to_string(),
        }
    }

    /// The error for a gateway in front of Consul whose time limit is shorter than the blocking query.
    pub(super) fn idle(&self, server: usize) -> Error {
        Error::TimedOut {
            server: self.name(server),
            blocking: true,
        }
    }

    /// The error for a probe without an answer.
    pub(super) fn silent(&self, server: usize) -> Error {
        Error::TimedOut {
            server: self.name(server),
            blocking: false,
        }
    }

    pub(super) fn refused(&self, answer: &http_client::Answer, server: usize) -> Error {
        self.refused_with(answer, message_of(&answer.body), server)
    }

    fn refused_with(&self, answer: &http_client::Answer, message: &str, server: usize) -> Error {
        Error::Status {
            server: self.name(server),
            status: answer.status.as_u16(),
            message: self.transport.redact(message),
            retry_after: retry_after(&answer.headers, Timestamp::now()),
        }
    }

    fn denied(&self, query: &ConsulQuery, answer: &http_client::Answer, server: usize) -> Error {
        let message = message_of(&answer.body);
        match acl_hint::for_denied(query, message, self.has_token()) {
            Some(hint) => self.refused_with(answer, &format!("{message} ({hint})"), server),
            None => self.refused(answer, server),
        }
    }

    /// The error for a path that this Consul does not know.
    fn unknown_path(
        &self,
        answer: &http_client::Answer,
        needs: Option<&str>,
        server: usize,
    ) -> Error {
        match needs {
            Some(needs) => {
                let text = format!("it does not know this query; that needs {needs}");
                self.refused_with(answer, &text, server)
            }
            None => self.refused(answer, server),
        }
    }
}
