//! The HTTP client: a question becomes one GET request, its answer a [`Reply`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use url::Url;

use super::transport::Transport;
use super::{Ask, AskError, Poll, Reply, tls_hint, wire};
use crate::answer::Answer;
use crate::config::resolved::{ConsulConfig, TransportConfig};
use crate::http::{self, HeaderMap, StatusCode, TlsError};
use crate::query::{NodeQuery, Query, Request};

/// How long a server may take for an answer that does not block. A server without a leader holds a request for 7 s.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// How much longer than `wait` (and its jitter of a sixteenth) a blocking query may take.
const BLOCKING_GRACE: Duration = Duration::from_secs(10);
/// A server that hangs up this soon did not block first: it refused.
const REFUSED_WITHIN: Duration = Duration::from_millis(500);

/// Asks Consul over HTTP. A clone shares the connections.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Arc<Transport>,
    config: Arc<ConsulConfig>,
    /// How much longer than usually connecting may take; it is a part of the time that an answer may take.
    longer_than_usual: Duration,
    /// The server that last answered.
    preferred: Arc<AtomicUsize>,
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A header cannot be sent.
    #[error("the Consul token has a character that cannot be sent in an HTTP header")]
    Token,
    /// A header cannot be sent.
    #[error("user and password cannot be sent in an HTTP header")]
    Auth,
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(TlsError),
    /// No authority is known.
    #[error(
        "this system has no certificates of authorities; name the file with that of Consul's authority: \
         --consul-ssl-ca-cert"
    )]
    NoAuthorities,
    /// The server name cannot be in a certificate.
    #[error("no certificate can be for {0:?}; --consul-ssl-server-name takes the name of a host")]
    ServerName(String),
}

impl From<TlsError> for ClientError {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::NoneOfTheSystem => Self::NoAuthorities,
            TlsError::ServerName(name) => Self::ServerName(name),
            error => Self::Tls(error),
        }
    }
}

impl Client {
    /// A client for these servers. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ClientError`] when the settings cannot be used.
    pub fn new(config: &ConsulConfig) -> Result<Self, ClientError> {
        let transport = Arc::new(Transport::new(config)?);
        let longer_than_usual = config
            .transport
            .longest_connect()
            .saturating_sub(TransportConfig::DEFAULT.longest_connect());
        Ok(Self {
            transport,
            config: Arc::new(config.clone()),
            longer_than_usual,
            preferred: Arc::default(),
        })
    }

    /// Sends another token from now on.
    ///
    /// # Errors
    /// [`ClientError`] when no header can carry it.
    pub fn set_token(&self, token: &SecretString) -> Result<(), ClientError> {
        self.transport.set_token(token)
    }

    /// Reads the certificates and keys again, which may have been replaced.
    ///
    /// # Errors
    /// [`ClientError`] when they cannot be used; those from before stay in use then.
    pub fn read_certificates(&self) -> Result<(), ClientError> {
        self.transport.read_certificates(&self.config)
    }

    fn server(&self, index: usize) -> &Url {
        &self.config.servers[index % self.config.servers.len()]
    }

    /// The address of a server, for messages: no user, no password.
    fn name(&self, index: usize) -> String {
        let server = self.server(index);
        let Some(host) = server.host_str().filter(|host| !host.is_empty()) else {
            return server.to_string();
        };
        server
            .port_or_known_default()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    async fn get(&self, request: &Request, poll: Poll) -> Result<http::Answer, AskError> {
        let blocking = blocks(request, poll);
        let limit = if blocking {
            poll.wait + poll.wait / 16 + BLOCKING_GRACE
        } else {
            ANSWER_LIMIT
        };
        let limit = limit.saturating_add(self.longer_than_usual);
        let place = poll.server % self.config.servers.len();
        let address = address(&self.config.servers[place], &self.at_home(request), poll);
        let begun = Instant::now();
        let fetched = self.transport.get(place, &address, limit).await;
        let fetched =
            fetched.map_err(|lost| self.lost(lost, poll.server, blocking, begun.elapsed()))?;
        self.preferred.store(place, Ordering::Relaxed);
        Ok(fetched)
    }

    /// The request, in the configured namespace and partition where it names none.
    fn at_home(&self, request: &Request) -> Request {
        let mut request = request.clone();
        let ConsulConfig {
            namespace,
            partition,
            ..
        } = &*self.config;
        for (name, home) in [("ns", namespace), ("partition", partition)] {
            if let Some(home) = home
                .as_ref()
                .filter(|_| request.parameters.iter().all(|(said, _)| *said != name))
            {
                request.parameters.push((name, home.clone()));
            }
        }
        request
    }

    fn lost(&self, error: http::Error, server: usize, blocking: bool, after: Duration) -> AskError {
        let has_answered = self
            .transport
            .has_answered(server % self.config.servers.len());
        let is_tls = self.server(server).scheme() == "https";
        let server = self.name(server);
        let unreachable = |server, reason| AskError::Unreachable { server, reason };
        match error {
            http::Error::Invalid(reason) => AskError::Unaskable { reason },
            http::Error::TimedOut => AskError::TimedOut { server, blocking },
            http::Error::Tls(failure) => {
                unreachable(server, tls_hint::for_failure(&failure, &self.config.tls))
            }
            // With TLS 1.3 a server checks our certificate after the handshake, and may just close the connection.
            http::Error::Closed
                if is_tls && !has_answered && self.config.tls.identity.is_none() =>
            {
                unreachable(server, tls_hint::CLOSED.to_owned())
            }
            http::Error::Closed if after < REFUSED_WITHIN => AskError::HungUp { server },
            http::Error::HeadTooLong
            | http::Error::TooLong(_)
            | http::Error::TooMuchInFlight(_) => AskError::Unreadable {
                server,
                reason: error.to_string(),
            },
            // A connection that is cut in the middle of an answer is an outage, not a refusal.
            error => unreachable(server, error.to_string()),
        }
    }

    async fn ask_one(
        &self,
        query: &Query,
        request: &Request,
        poll: Poll,
    ) -> Result<Reply, AskError> {
        let http::Answer {
            status,
            headers,
            body,
        } = self.get(request, poll).await?;
        let blocking = blocks(request, poll);
        let answer = match (status, query) {
            (StatusCode::OK, _) => {
                wire::read(query, &body).map_err(|reason| AskError::Unreadable {
                    server: self.name(poll.server),
                    reason,
                })?
            }
            (StatusCode::NOT_FOUND, Query::Key(_)) if body.is_empty() => Answer::Key(None),
            (StatusCode::NOT_FOUND, Query::Pairs(_)) if body.is_empty() => {
                Answer::Pairs(Vec::new())
            }
            // Whoever stands between us and Consul did not want to wait for so long.
            (StatusCode::GATEWAY_TIMEOUT, _) if blocking => {
                return Err(AskError::TimedOut {
                    server: self.name(poll.server),
                    blocking,
                });
            }
            (StatusCode::NOT_FOUND, query) if body.is_empty() && query.needs().is_some() => {
                let needed = format!(
                    "it does not know this question; that needs {}",
                    query.needs().unwrap_or_default()
                );
                return Err(self.refused(status, needed.as_bytes(), poll.server));
            }
            _ => return Err(self.refused(status, &body, poll.server)),
        };
        Ok(Reply {
            answer,
            index: number(&headers, "x-consul-index"),
            last_contact: Duration::from_millis(
                number(&headers, "x-consul-lastcontact").unwrap_or(0),
            ),
        })
    }

    fn refused(&self, status: StatusCode, body: &[u8], server: usize) -> AskError {
        let text = std::str::from_utf8(body).unwrap_or_default().trim();
        let message = if text.starts_with('<') || text.contains('\n') || text.len() > 300 {
            ""
        } else {
            text
        };
        AskError::Status {
            server: self.name(server),
            status: status.as_u16(),
            message: message.to_owned(),
        }
    }

    /// The name of the node that the agent runs on, which is what a node query without a name means.
    async fn own_node(&self, poll: Poll) -> Result<String, AskError> {
        let request = Request {
            path: words(&["v1", "agent", "self"]),
            parameters: Vec::new(),
            blocking: false,
        };
        let http::Answer { status, body, .. } = self.get(&request, poll).await?;
        if status != StatusCode::OK {
            return Err(self.refused(status, &body, poll.server));
        }
        wire::node_name(&body).map_err(|reason| AskError::Unreadable {
            server: self.name(poll.server),
            reason,
        })
    }

    /// The datacenters whose catalog answers.
    async fn answering(&self, datacenters: Vec<String>, poll: Poll) -> Vec<String> {
        let mut answering = BTreeSet::new();
        for datacenter in datacenters {
            let request = Request {
                path: words(&["v1", "catalog", "services"]),
                parameters: vec![("consistent", String::new()), ("dc", datacenter.clone())],
                blocking: false,
            };
            if self
                .get(&request, poll)
                .await
                .is_ok_and(|fetched| fetched.status == StatusCode::OK)
            {
                answering.insert(datacenter);
            }
        }
        answering.into_iter().collect()
    }
}

impl Ask for Client {
    fn servers(&self) -> usize {
        self.config.servers.len()
    }

    fn preferred(&self) -> usize {
        self.preferred.load(Ordering::Relaxed)
    }

    async fn ask(&self, query: &Query, poll: Poll) -> Result<Reply, AskError> {
        let query = match query {
            Query::Node(node) if node.name.is_empty() => {
                let name = self.own_node(poll).await?;
                &Query::Node(NodeQuery {
                    name,
                    scope: node.scope.clone(),
                })
            }
            query => query,
        };
        let Some(request) = query.request() else {
            let reason = format!("{query} is not a question for Consul");
            return Err(AskError::Unreadable {
                server: self.name(poll.server),
                reason,
            });
        };
        let mut reply = self.ask_one(query, &request, poll).await?;
        if let (Query::Datacenters(wanted), Answer::Datacenters(names)) = (query, &mut reply.answer)
            && wanted.ignore_failing
        {
            *names = self.answering(std::mem::take(names), poll).await;
        }
        Ok(reply)
    }
}

/// May the server wait before it answers?
fn blocks(request: &Request, poll: Poll) -> bool {
    request.blocking && poll.index > 0
}

/// The URL of one poll: the parameters are sorted by name.
fn address(server: &Url, request: &Request, poll: Poll) -> Url {
    let mut address = server.clone();
    if server.scheme() == "unix" {
        // Its path is that of the socket, and no part of what is asked through it.
        address.set_path("");
    }
    if let Ok(mut path) = address.path_segments_mut() {
        path.pop_if_empty().extend(&request.path);
    }
    let mut parameters = request.parameters.clone();
    if request.blocking {
        if poll.index > 0 {
            parameters.push(("index", poll.index.to_string()));
        }
        if poll.stale {
            parameters.push(("stale", String::new()));
        }
        parameters.push(("wait", format!("{}ms", poll.wait.as_millis())));
    }
    parameters.sort();
    if !parameters.is_empty() {
        address.query_pairs_mut().extend_pairs(parameters);
    }
    address
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_becomes_the_address_that_consul_knows() {
        let poll = Poll {
            server: 0,
            index: 0,
            wait: Duration::from_secs(60),
            stale: true,
        };
        let later = Poll {
            index: 7,
            stale: false,
            ..poll
        };
        let service = Query::service("t1.web?ns=a&partition=p@dc2~n.1").unwrap();
        let cases = [
            (
                "http://c:8500",
                service,
                poll,
                "http://c:8500/v1/health/service/web?dc=dc2&near=n.1&ns=a&partition=p&passing=1&stale=&tag=t1&wait=60000ms",
            ),
            (
                "http://c:8500",
                Query::key("a b/c%d").unwrap(),
                later,
                "http://c:8500/v1/kv/a%20b/c%25d?index=7&wait=60000ms",
            ),
            (
                "http://c:8500",
                Query::key("//a//b").unwrap(),
                later,
                "http://c:8500/v1/kv/a/b?index=7&wait=60000ms",
            ),
            (
                "http://c:8500",
                Query::pairs("p//").unwrap(),
                later,
                "http://c:8500/v1/kv/p/?index=7&recurse=&wait=60000ms",
            ),
            (
                "http://c:8500",
                Query::pairs("p/").unwrap(),
                poll,
                "http://c:8500/v1/kv/p/?recurse=&stale=&wait=60000ms",
            ),
            (
                "https://c/up",
                Query::services("").unwrap(),
                later,
                "https://c/up/v1/catalog/services?index=7&wait=60000ms",
            ),
            (
                "unix:///run/c.sock",
                Query::key("a").unwrap(),
                later,
                "unix:///v1/kv/a?index=7&wait=60000ms",
            ),
            (
                "http://c:8500/",
                Query::Datacenters(crate::query::DatacentersQuery {
                    ignore_failing: false,
                }),
                poll,
                "http://c:8500/v1/catalog/datacenters",
            ),
        ];
        for (server, query, poll, expected) in cases {
            let server: Url = server.parse().unwrap();
            assert_eq!(
                address(&server, &query.request().unwrap(), poll).as_str(),
                expected
            );
        }
    }
}
