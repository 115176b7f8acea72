//! Proxies named by the environment: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case.

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::tls::{Tls, TlsError};

/// How a server is reached.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    /// Without a proxy.
    Direct,
    /// The proxy reads the request and forwards it: clear text.
    Forward(Proxy),
    /// The proxy opens a tunnel (CONNECT): TLS.
    Tunnel(Proxy),
}

/// A proxy that speaks HTTP, over TLS or not.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) uri: Uri,
    pub(crate) authorization: Option<HeaderValue>,
    /// Set if the proxy itself is reached over TLS.
    pub(crate) tls: Option<Tls>,
}

impl Route {
    /// The route to a server as the environment says; as with Go's client, no proxy is used for loopback.
    pub(crate) fn to(server: &Url) -> Result<Self, TlsError> {
        if !matches!(server.scheme(), "http" | "https") || is_loopback(server) {
            return Ok(Self::Direct);
        }
        let Ok(uri) = server.as_str().parse() else {
            return Ok(Self::Direct);
        };
        let Some(found) = Matcher::from_env().intercept(&uri) else {
            return Ok(Self::Direct);
        };
        let tls = (found.uri().scheme_str() == Some("https")).then(Tls::of_the_system);
        let proxy = Proxy {
            uri: found.uri().clone(),
            authorization: found.basic_auth().cloned(),
            tls: tls.transpose()?,
        };
        Ok(if server.scheme() == "https" {
            Self::Tunnel(proxy)
        } else {
            Self::Forward(proxy)
        })
    }

    /// Returns `true` if there is no proxy.
    pub(crate) fn is_direct(&self) -> bool {
        matches!(self, Self::Direct)
    }
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
