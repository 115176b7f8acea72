//! The proxies in the environment: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in
//! upper or lower case.

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::tls::{Tls, TlsError};

/// The route to a server.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    /// A connection without a proxy.
    Direct,
    /// A proxy that reads and forwards requests; for clear text.
    Forward(Proxy),
    /// A proxy that opens a tunnel (`CONNECT`); for TLS.
    Tunnel(Proxy),
}

/// An HTTP proxy, with or without TLS.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) uri: Uri,
    pub(crate) authorization: Option<HeaderValue>,
    /// The TLS settings for the connection to the proxy; `None` for clear text.
    pub(crate) tls: Option<Tls>,
}

impl Route {
    /// Returns the route to a server according to the environment. As in Go's client, loopback
    /// addresses use no proxy.
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
