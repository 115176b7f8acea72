//! The addresses of Consul.
//!
//! Input: `127.0.0.1:8500,https://consul.example.com/prefix,unix:///run/consul.sock`. Output: the
//! URLs, in that order.

use url::Url;

/// An invalid address of Consul. The text is not shown if it may contain a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    /// An empty list.
    #[error("it names no server; write HOST:PORT, for example 127.0.0.1:8500")]
    Empty,
    /// The path of a socket that is not absolute.
    #[error(
        "the address {0:?} needs the whole path of the socket; write unix:///PATH, with three slashes"
    )]
    UnixSocket(String),
    /// An unknown scheme.
    #[error(
        "the address {0:?} has an unknown scheme; use HOST:PORT, http(s)://HOST:PORT or unix:///PATH"
    )]
    Scheme(String),
    /// User or password in the address, where logs would show it.
    #[error("an address cannot hold user and password; use --consul-auth or CONSUL_HTTP_AUTH")]
    Credentials,
    /// A query or a fragment.
    #[error(
        "the address {0:?} cannot have a query or a fragment; write http(s)://HOST:PORT[/PREFIX]"
    )]
    Query(String),
    /// The path of the key/value store, below which Consul finds no key that is meant.
    #[error(
        "the address {0:?} has the path /v1/kv, which ctmpl adds itself, so no key would be found; write \
         http(s)://HOST:PORT[/PREFIX] without it"
    )]
    KeyValuePath(String),
    /// Not a host and a port.
    #[error("the address {written:?} is not HOST:PORT or http(s)://HOST:PORT[/PREFIX]: {reason}")]
    Malformed {
        /// As typed.
        written: String,
        /// The message of the parser.
        reason: String,
    },
}

/// The items of a list as written; blank ones are skipped.
pub(super) fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// The servers of a comma separated list, each once. With `tls`, `http` means `https`; without, `https` stays.
///
/// An address without a port has the one of its scheme, 80 or 443, as in consul-template.
///
/// # Errors
/// [`AddressError`] for the first invalid one, and for an empty list.
pub(crate) fn servers(list: &str, tls: bool) -> Result<Vec<Url>, AddressError> {
    let mut servers = Vec::new();
    for item in items(list) {
        let server = server(item, tls)?;
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    if servers.is_empty() {
        Err(AddressError::Empty)
    } else {
        Ok(servers)
    }
}

/// The addresses of a list that end in `/v1`, which ctmpl adds itself, each with the address without it.
pub(super) fn with_api_path(list: &str) -> impl Iterator<Item = (&str, &str)> {
    items(list).filter_map(|item| {
        let meant = item.trim_end_matches('/').strip_suffix("/v1")?;
        (!item.to_ascii_lowercase().starts_with("unix:")).then_some((item, meant))
    })
}

fn server(written: &str, tls: bool) -> Result<Url, AddressError> {
    let (scheme, rest) = written.split_once("://").unwrap_or(("http", written));
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" if !tls => "http",
        "http" | "https" => "https",
        "unix" if rest.starts_with('/') => return unix(written, rest),
        _ if rest.contains('@') => return Err(AddressError::Credentials),
        "unix" => return Err(AddressError::UnixSocket(written.to_owned())),
        _ => return Err(AddressError::Scheme(written.to_owned())),
    };
    if rest.contains('@') {
        return Err(AddressError::Credentials);
    }
    if rest.contains(['?', '#']) {
        return Err(AddressError::Query(written.to_owned()));
    }
    let malformed = |reason: String| AddressError::Malformed {
        written: written.to_owned(),
        reason,
    };
    if rest.is_empty() || rest.starts_with('/') {
        return Err(malformed("the host is missing".to_owned()));
    }
    if ["http:/", "https:/"]
        .iter()
        .any(|begin| rest.starts_with(begin))
    {
        return Err(malformed("a scheme ends in ://".to_owned()));
    }
    // A port alone is on this host, as in Go.
    let port_alone = rest
        .strip_prefix(':')
        .is_some_and(|port| port.starts_with(|digit: char| digit.is_ascii_digit()));
    let host = if port_alone { "localhost" } else { "" };
    let mut url = Url::parse(&format!("{scheme}://{host}{rest}"))
        .map_err(|error| malformed(error.to_string()))?;
    let prefix = url.path().trim_end_matches('/').to_owned();
    if format!("{prefix}/").contains("/v1/kv/") {
        return Err(AddressError::KeyValuePath(written.to_owned()));
    }
    url.set_path(&prefix);
    Ok(url)
}

/// A unix socket, without TLS.
fn unix(written: &str, path: &str) -> Result<Url, AddressError> {
    let url = Url::from_file_path(path)
        .ok()
        .and_then(|url| Url::parse(&format!("unix://{}", url.path())).ok());
    url.ok_or_else(|| AddressError::UnixSocket(written.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_urls() {
        let cases: &[(&str, bool, &[&str])] = &[
            ("127.0.0.1:8500", false, &["http://127.0.0.1:8500/"]),
            ("localhost:8500", false, &["http://localhost:8500/"]),
            (":8500", false, &["http://localhost:8500/"]),
            ("http://:8500/pre", false, &["http://localhost:8500/pre"]),
            ("[::1]:8500", false, &["http://[::1]:8500/"]),
            ("consul.example.com", false, &["http://consul.example.com/"]),
            ("http://h:1/pre/fix/", false, &["http://h:1/pre/fix"]),
            ("h:1/pre", false, &["http://h:1/pre"]),
            ("HTTPS://h:8501", false, &["https://h:8501/"]),
            (
                "a:1, b:2 ,,https://c",
                false,
                &["http://a:1/", "http://b:2/", "https://c/"],
            ),
            ("a:1,http://a:1/,a:1", false, &["http://a:1/"]),
            (
                "a:1,http://b:80,https://c",
                true,
                &["https://a:1/", "https://b:80/", "https://c/"],
            ),
            (
                "unix:///run/consul.sock, a:1",
                true,
                &["unix:///run/consul.sock", "https://a:1/"],
            ),
            (
                "UNIX:///run/a b%20?#@.sock",
                false,
                &["unix:///run/a%20b%2520%3F%23@.sock"],
            ),
        ];
        assert!(!cases.is_empty());
        for (list, tls, urls) in cases {
            let servers = servers(list, *tls).expect(list);
            assert_eq!(
                servers.iter().map(Url::as_str).collect::<Vec<_>>(),
                *urls,
                "{list}"
            );
        }
    }

    #[test]
    fn an_invalid_address_is_an_error_with_the_reason() {
        let cases = [
            ("", "names no server"),
            (" , ", "names no server"),
            ("unix://run/consul.sock", "with three slashes"),
            ("unix://", "with three slashes"),
            ("ftp://h:1", "unknown scheme"),
            ("http://", "the host is missing"),
            ("http:///etc", "the host is missing"),
            (":", "is not HOST:PORT"),
            (":port", "is not HOST:PORT"),
            ("http:/127.0.0.1:8500", "a scheme ends in ://"),
            ("h:port", "is not HOST:PORT"),
            ("h:123456", "is not HOST:PORT"),
            ("::1", "is not HOST:PORT"),
            ("a b:1", "is not HOST:PORT"),
            ("h:1?dc=x", "query or a fragment"),
            ("a:1,unix://x", "with three slashes"),
            ("http://h:1/v1/kv", "has the path /v1/kv"),
            ("h:1/pre/v1/kv/app/", "has the path /v1/kv"),
        ];
        assert!(!cases.is_empty());
        for (list, reason) in cases {
            let error = servers(list, false).expect_err(list).to_string();
            assert!(error.contains(reason), "{list}: {error}");
        }
    }

    #[test]
    fn the_error_for_a_password_in_an_address_does_not_show_it() {
        for list in [
            "http://u:s3cret@h:1",
            "u:s3cret@h",
            "ftp://u:s3cret@h",
            "unix://u:s3cret@h",
            "a:1,https://s3cret@h",
        ] {
            let error = servers(list, false).expect_err(list);
            assert_eq!(error, AddressError::Credentials);
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
    }
}
