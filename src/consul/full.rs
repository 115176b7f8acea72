//! With what `reqwest` knows of TLS, HTTP/2 and proxies.
//!
//! in:  an address and headers
//! out: the whole answer, or why there is none
//!
//! Over HTTP/2 all questions share one connection, but a server lets only so many be open on one (100 with HAProxy, 250
//! with Consul), and a long poll is open for long: so there are as many connections as the questions need. It takes an
//! answer to know that the server speaks HTTP/2; from then on each further connection speaks nothing else, so that many
//! questions at a time open one connection, not one each to find out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use reqwest::{Url, Version};

use super::client::ClientError;
use super::error::{hung_up, reason};
use super::tls::Tls;
use super::transport::{LONGEST_ANSWER, RawResponse, TransportError};
use crate::config::resolved::{ConsulConfig, TlsConfig, TransportConfig};

/// How many questions share one connection at most.
const SHARING: usize = 90;
/// A connection on which nothing is heard for this long is tried; only HTTP/2 has a way to.
const PING_AFTER: Duration = Duration::from_secs(20);
/// And this is how long it has to show that it lives.
const PING_LIMIT: Duration = Duration::from_secs(10);

/// One server, reached in this way.
#[derive(Debug)]
pub(super) struct TlsTransport {
    tls: Tls,
    server: Url,
    settings: TransportConfig,
    /// The name under which it is asked for, where that is not its own.
    alias: Option<String>,
    /// At least one.
    lanes: Mutex<Vec<H2Connection>>,
    /// It has answered before.
    answered: AtomicBool,
    /// It speaks HTTP/2, as far as is known.
    multiplexes: AtomicBool,
}

/// A client of its own has connections of its own: one, where HTTP/2 is spoken.
#[derive(Clone, Debug)]
struct H2Connection {
    client: reqwest::Client,
    /// Each question that is under way holds a clone.
    busy: Arc<()>,
    /// It speaks HTTP/2, or not at all.
    only_http2: bool,
}

impl TlsTransport {
    pub(super) fn new(server: &Url, tls: Tls, config: &ConsulConfig) -> Result<Self, ClientError> {
        let ConsulConfig {
            tls: TlsConfig { server_name, .. },
            transport,
            ..
        } = config;
        // A proxy would not know a name that is not the server's own; behind one, just the certificate is judged by it.
        let alias = server_name
            .as_deref()
            .filter(|_| server.scheme() == "https" && !has_proxy(server));
        let alias = alias
            .filter(|name| name.parse::<std::net::IpAddr>().is_err())
            .map(str::to_owned);
        let full = Self {
            tls,
            server: server.clone(),
            settings: *transport,
            alias,
            lanes: Mutex::default(),
            answered: AtomicBool::default(),
            multiplexes: AtomicBool::default(),
        };
        let first = full.open(false).map_err(ClientError::Http)?;
        full.lanes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(first);
        Ok(full)
    }

    /// Asks.
    pub(super) async fn get(
        &self,
        mut address: Url,
        headers: HeaderMap,
    ) -> Result<RawResponse, TransportError> {
        if let Some(alias) = &self.alias {
            // It was a host's name when it was configured.
            let _ = address.set_host(Some(alias));
        }
        let lane = self
            .lane()
            .map_err(|error| TransportError::Unreachable(reason(&error)))?;
        let sent = lane.client.get(address).headers(headers).send().await;
        let mut response = sent.map_err(|error| {
            self.close(&lane);
            self.lost(&error)
        })?;
        self.answered.store(true, Ordering::Relaxed);
        if response.version() == Version::HTTP_2 && self.settings.reuse {
            self.multiplexes.store(true, Ordering::Relaxed);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| TransportError::CutOff(reason(&error)))?
        {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(TransportError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(RawResponse {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }

    fn lost(&self, error: &reqwest::Error) -> TransportError {
        if error.is_builder() {
            TransportError::Unaskable(reason(error))
        } else if let Some(reason) = self.tls.explain(error) {
            TransportError::Unreachable(reason)
        } else if let Some(guess) = self.tls.guess().filter(|_| self.is_closed_to_us(error)) {
            TransportError::Unreachable(guess.to_owned())
        } else if let Some(limit) = self
            .connect_limit()
            .filter(|_| error.is_timeout() && error.is_connect())
        {
            TransportError::late(limit)
        } else if hung_up(error) && !error.is_connect() {
            TransportError::HungUp
        } else {
            TransportError::Unreachable(reason(error))
        }
    }

    /// With TLS 1.3 a server judges our certificate behind the handshake; what it says then can be lost with the
    /// connection.
    fn is_closed_to_us(&self, error: &reqwest::Error) -> bool {
        let closed = || hung_up(error) || reason(error).starts_with("connection closed");
        self.server.scheme() == "https"
            && !self.answered.load(Ordering::Relaxed)
            && !error.is_connect()
            && closed()
    }

    /// The first lane with room for one more question, or a new one.
    fn lane(&self) -> Result<H2Connection, reqwest::Error> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = |lane: &&H2Connection| Arc::strong_count(&lane.busy) <= SHARING;
        if let Some(lane) = lanes.iter().find(has_room) {
            return Ok(lane.clone());
        }
        let lane = self.open(self.multiplexes.load(Ordering::Relaxed))?;
        lanes.push(lane.clone());
        Ok(lane)
    }

    /// Lets a lane go that failed, if it insists on HTTP/2: the server may be another one by now.
    fn close(&self, failed: &H2Connection) {
        if failed.only_http2 {
            self.multiplexes.store(false, Ordering::Relaxed);
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            lanes.retain(|lane| !Arc::ptr_eq(&lane.busy, &failed.busy));
        }
    }

    fn connect_limit(&self) -> Option<Duration> {
        let TransportConfig {
            connect_limit,
            tls_connect_limit,
            ..
        } = self.settings;
        if self.server.scheme() == "https" {
            tls_connect_limit
        } else {
            connect_limit
        }
    }

    fn open(&self, only_http2: bool) -> Result<H2Connection, reqwest::Error> {
        let TransportConfig {
            keep_alive,
            reuse,
            idle_limit,
            most_idle,
            most_idle_of_one,
            ..
        } = self.settings;
        let mut tls = self.tls.settings.clone();
        let mut builder = reqwest::Client::builder();
        if only_http2 {
            tls.alpn_protocols.retain(|protocol| protocol == b"h2");
            // It makes the client open one connection, for which all others wait.
            builder = builder.http2_prior_knowledge();
        }
        builder = builder
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .tcp_keepalive(keep_alive)
            .tcp_keepalive_interval((keep_alive / 2).max(Duration::from_secs(1)))
            .tcp_keepalive_retries(3)
            .pool_idle_timeout(idle_limit)
            .pool_max_idle_per_host(if reuse {
                most_idle.min(most_idle_of_one)
            } else {
                0
            })
            .http2_keep_alive_interval(PING_AFTER)
            .http2_keep_alive_timeout(PING_LIMIT);
        if let Some(limit) = self.connect_limit() {
            builder = builder.connect_timeout(limit);
        }
        if !has_proxy(&self.server) {
            builder = builder.no_proxy();
        }
        if self.alias.is_some() {
            builder = builder.dns_resolver(Arc::new(Always(host(&self.server))));
        }
        Ok(H2Connection {
            client: builder.build()?,
            busy: Arc::default(),
            only_http2,
        })
    }
}

/// Whatever name is asked for, this host is meant.
#[derive(Debug)]
struct Always(String);

impl Resolve for Always {
    fn resolve(&self, _: Name) -> Resolving {
        let host = self.0.clone();
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((host, 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// A host as the system resolves it: an IPv6 address without its brackets.
fn host(server: &Url) -> String {
    server
        .host_str()
        .unwrap_or_default()
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned()
}

/// Does the environment name a proxy that may be meant for this server? As with Go's client, none is for this machine.
pub(super) fn has_proxy(server: &Url) -> bool {
    let own = if server.scheme() == "https" {
        ["https_proxy", "HTTPS_PROXY"]
    } else {
        ["http_proxy", "HTTP_PROXY"]
    };
    let names = own.into_iter().chain(["all_proxy", "ALL_PROXY"]);
    !is_loopback(server)
        && names
            .into_iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn is_loopback(server: &Url) -> bool {
    match server.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
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
