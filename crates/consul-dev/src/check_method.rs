//! How the agent finds the status of a check: reports within a TTL, an HTTP or TCP probe, or the
//! status of another service.
//!
//! Probes connect only to this machine: the server must not become a way to reach other hosts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::Uri;

use super::ids;
use super::records::Check;

/// The shortest interval of a probe; Consul raises shorter ones to it too.
pub(crate) const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// The default of the maximum length of a check's output, in bytes.
pub(crate) const MAX_OUTPUT: usize = 4096;
/// The longest default of a probe's timeout.
const MAX_DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum time limit of a probe. Few probes run at a time, so one must not hold its place for
/// long.
const MAX_TIMEOUT: Duration = Duration::from_secs(60);
/// The shortest time after which an instance with a critical check is deregistered, as in Consul.
const MIN_DEREGISTER_AFTER: Duration = Duration::from_secs(60);

/// The reason why a target is refused.
pub(crate) const ONLY_LOOPBACK: &str = "the embedded server only checks addresses of this machine: 127.0.0.0/8, [::1] and localhost, with a port";

/// How the agent finds the status of a check.
#[derive(Clone, Debug)]
pub(crate) enum CheckMethod {
    /// The check turns critical if no report arrives within this time.
    Ttl(Duration),
    /// A connection is opened.
    Tcp(LoopbackTarget),
    /// A request is sent.
    Http(HttpRequest),
    /// The check has the status of another service.
    Alias(Alias),
}

/// The request of an HTTP check.
#[derive(Clone, Debug)]
pub(crate) struct HttpRequest {
    /// The URL as written.
    pub(crate) url: HttpUrl,
    /// The method.
    pub(crate) method: String,
    /// Additional headers.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: String,
}

/// The service or node whose status an alias check has.
#[derive(Clone, Debug)]
pub(crate) struct Alias {
    /// The node; empty for the agent's own.
    pub(crate) node: String,
    /// The ID of the service; empty for the node's own checks.
    pub(crate) service_id: String,
}

/// The addresses of a port of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoopbackTarget {
    /// The addresses, in the order in which they are tried.
    pub(crate) addresses: Vec<SocketAddr>,
}

impl LoopbackTarget {
    /// Parses `HOST:PORT`; `None` unless it is a port of this machine.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        Self::of(host, port.parse().ok()?)
    }

    fn of(host: &str, port: u16) -> Option<Self> {
        let v4 = IpAddr::from(Ipv4Addr::LOCALHOST);
        let v6 = IpAddr::from(Ipv6Addr::LOCALHOST);
        let hosts = match host {
            "localhost" => vec![v4, v6],
            host => {
                let bare = host
                    .strip_prefix('[')
                    .and_then(|host| host.strip_suffix(']'));
                let address: IpAddr = match bare {
                    Some(bare) => bare.parse::<Ipv6Addr>().ok()?.into(),
                    None => host.parse::<Ipv4Addr>().ok()?.into(),
                };
                vec![Some(address).filter(|address| address.to_canonical().is_loopback())?]
            }
        };
        let addresses = hosts.into_iter().map(|host| SocketAddr::new(host, port));
        Some(Self {
            addresses: addresses.collect(),
        })
    }
}

/// The URL of an HTTP check.
#[derive(Clone, Debug)]
pub(crate) struct HttpUrl {
    /// The URL as written.
    pub(crate) text: String,
    /// Host and port, for the header `Host`.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) path: String,
    /// The addresses.
    pub(crate) target: LoopbackTarget,
}

impl HttpUrl {
    /// Parses an `http` URL; `None` unless it leads to this machine.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let authority = uri.authority()?;
        if uri.scheme_str() != Some("http") || authority.as_str().contains('@') {
            return None;
        }
        let port = authority.port_u16().unwrap_or(80);
        Some(Self {
            text: text.to_owned(),
            authority: authority.to_string(),
            path: uri
                .path_and_query()
                .map_or_else(|| "/".into(), ToString::to_string),
            target: LoopbackTarget::of(authority.host(), port)?,
        })
    }

    /// Returns the URL that a redirect leads to; `None` if it leaves this machine.
    pub(crate) fn redirected(&self, location: &str) -> Option<Self> {
        if location.starts_with('/') && !location.starts_with("//") {
            Self::parse(&format!("http://{}{location}", self.authority))
        } else {
            Self::parse(location)
        }
    }
}

/// The definition of a check: how and how often its status is found, and what follows from it.
#[derive(Clone, Debug)]
pub(crate) struct CheckDefinition {
    /// How the status is found.
    pub(crate) method: CheckMethod,
    /// The time between two probes.
    pub(crate) interval: Duration,
    /// The time limit of a probe; zero for the default.
    pub(crate) timeout: Duration,
    /// The number of successes in a row that make the check passing.
    pub(crate) successes: i64,
    /// The number of failures in a row that make the check critical.
    pub(crate) failures: i64,
    /// The time after which the instance of a critical check is deregistered.
    pub(crate) deregister_after: Option<Duration>,
    /// The maximum length of the output in bytes.
    pub(crate) max_output: usize,
}

impl CheckDefinition {
    /// Returns the time between two probes.
    pub(crate) fn interval(&self) -> Duration {
        self.interval.max(MIN_INTERVAL)
    }

    /// Returns the time limit of a probe.
    pub(crate) fn timeout(&self) -> Duration {
        if self.timeout.is_zero() {
            self.interval().min(MAX_DEFAULT_TIMEOUT)
        } else {
            self.timeout.min(MAX_TIMEOUT)
        }
    }

    /// Returns the time that a check must be critical until its instance is deregistered.
    pub(crate) fn deregister_after(&self) -> Option<Duration> {
        self.deregister_after
            .map(|after| after.max(MIN_DEREGISTER_AFTER))
    }
}

/// A check that is registered with the agent.
#[derive(Clone, Debug)]
pub(crate) struct NewCheck {
    /// The check.
    pub(crate) check: Check,
    /// How its status is found; `None` if it changes only by reports.
    pub(crate) definition: Option<Arc<CheckDefinition>>,
}

/// The result of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProbeResult {
    /// `passing`, `warning` or `critical`.
    pub(crate) status: &'static str,
    /// The text for people.
    pub(crate) output: String,
}

/// The progress of a check that has a definition.
#[derive(Clone, Debug)]
pub(crate) struct CheckRun {
    /// The definition.
    pub(crate) definition: Arc<CheckDefinition>,
    /// Changes when the time to the next probe or to the end of the TTL starts again.
    pub(crate) stamp: u64,
    /// Changes when the check turns critical.
    pub(crate) critical_stamp: u64,
    /// The pause before the next probe.
    pub(crate) pause: Duration,
    /// The number of successes in a row.
    pub(crate) successes: i64,
    /// The number of failures in a row.
    pub(crate) failures: i64,
}

impl CheckRun {
    /// Creates the run of a new check; the first probe is due at once.
    pub(crate) fn new(definition: Arc<CheckDefinition>) -> Self {
        Self {
            definition,
            stamp: ids::stamp(),
            critical_stamp: ids::stamp(),
            pause: Duration::ZERO,
            successes: 0,
            failures: 0,
        }
    }

    /// Counts the result of a probe. Returns `true` if it is the check's status from now on.
    pub(crate) fn count(&mut self, status: &str) -> bool {
        self.stamp = ids::stamp();
        self.pause = self.definition.interval();
        if status == "critical" {
            self.successes = 0;
            self.failures = self.failures.saturating_add(1);
            self.failures >= self.definition.failures
        } else {
            self.failures = 0;
            self.successes = self.successes.saturating_add(1);
            self.successes >= self.definition.successes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ports_of_this_machine_are_targets() {
        for good in ["127.0.0.1:80", "127.1.2.3:1", "[::1]:80", "localhost:80"] {
            assert!(LoopbackTarget::parse(good).is_some(), "{good}");
        }
        for wrong in [
            "10.0.0.1:80",
            "0.0.0.0:80",
            "example.com:80",
            "localhost.example.com:80",
            "127.0.0.1",
            "127.0.0.1:x",
            "127.0.0.1:70000",
            "::1:80",
            "[127.0.0.1]:80",
            "",
        ] {
            assert_eq!(LoopbackTarget::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_http_urls_of_this_machine_are_probed() {
        for good in [
            "http://127.0.0.1",
            "http://127.0.0.1:80/a?b=c",
            "http://[::1]:8080/",
            "http://localhost/health",
        ] {
            assert!(HttpUrl::parse(good).is_some(), "{good}");
        }
        for wrong in [
            "https://127.0.0.1/",
            "http://10.0.0.1/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://user:secret@127.0.0.1/",
            "foo",
            "/health",
            "",
        ] {
            assert!(HttpUrl::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_redirect_does_not_leave_this_machine() {
        let url = HttpUrl::parse("http://127.0.0.1:81/a").expect("a URL");
        let to = |location: &str| url.redirected(location).map(|url| url.text);
        assert_eq!(to("/b").as_deref(), Some("http://127.0.0.1:81/b"));
        assert_eq!(to("http://[::1]/").as_deref(), Some("http://[::1]/"));
        assert_eq!(to("//example.com/"), None);
        assert_eq!(to("http://example.com/"), None);
    }

    #[test]
    fn thresholds_count_results_in_a_row() {
        let mut run = CheckRun::new(Arc::new(CheckDefinition {
            method: CheckMethod::Ttl(MIN_INTERVAL),
            interval: Duration::ZERO,
            timeout: Duration::ZERO,
            successes: 2,
            failures: 3,
            deregister_after: Some(Duration::from_secs(1)),
            max_output: 0,
        }));
        let results = [
            "passing", "critical", "passing", "passing", "critical", "critical", "critical",
        ];
        let counted: Vec<bool> = results.iter().map(|status| run.count(status)).collect();
        assert_eq!(counted, [false, false, false, true, false, false, true]);
        assert_eq!(run.definition.interval(), MIN_INTERVAL);
        assert_eq!(run.definition.timeout(), MIN_INTERVAL);
        let endless = CheckDefinition {
            timeout: Duration::MAX,
            ..(*run.definition).clone()
        };
        assert_eq!(endless.timeout(), MAX_TIMEOUT);
        assert_eq!(
            run.definition.deregister_after(),
            Some(MIN_DEREGISTER_AFTER)
        );
    }
}
