//! The address of a status server: `127.0.0.1:9700`, `unix:///run/app/status.sock` or `unix:@app`.
//!
//! Input: a text. Output: a [`StatusAddr`].

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The maximum length of the path or the name of a unix socket, in bytes.
const MAX_SOCKET_NAME: usize = 107;

/// An address to serve the status on, and to ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusAddr {
    /// A TCP port.
    Tcp {
        /// An IP address, without brackets, or the name of a host.
        host: String,
        /// The port; 0: any free one.
        port: u16,
    },
    /// A unix socket with a file.
    Socket(PathBuf),
    /// A unix socket in the abstract namespace of Linux, which has no file.
    Abstract(String),
}

/// A text that is not an address of the status server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusAddrError {
    /// None of the forms.
    #[error(
        "{0:?} is not an address of the status server; write HOST:PORT, for example 127.0.0.1:9700, unix:///PATH or \
         unix:@NAME"
    )]
    Form(String),
    /// A port without a host.
    #[error(
        "the address {0:?} has no host; write 127.0.0.1{0} for this machine only, or 0.0.0.0{0} for all its networks"
    )]
    NoHost(String),
    /// The path of a socket that is not absolute.
    #[error(
        "the address {0:?} needs the whole path of the socket; write unix:///PATH, with three slashes"
    )]
    Relative(String),
    /// A path or a name that the system does not support.
    #[error(
        "the address {0:?} is too long; a unix socket has at most {MAX_SOCKET_NAME} bytes in its path or name"
    )]
    Long(String),
}

impl FromStr for StatusAddr {
    type Err = StatusAddrError;

    fn from_str(text: &str) -> Result<Self, StatusAddrError> {
        let written = text.trim();
        match written.strip_prefix("unix:") {
            Some(socket) => unix(written, socket),
            None => tcp(written),
        }
    }
}

fn unix(written: &str, socket: &str) -> Result<StatusAddr, StatusAddrError> {
    let form = || StatusAddrError::Form(written.to_owned());
    let (name, address) = if let Some(name) = socket.strip_prefix('@') {
        (name, StatusAddr::Abstract(name.to_owned()))
    } else {
        let path = socket.strip_prefix("//").unwrap_or(socket);
        if !path.starts_with('/') {
            return Err(StatusAddrError::Relative(written.to_owned()));
        }
        (path, StatusAddr::Socket(PathBuf::from(path)))
    };
    let is_directory = name.ends_with('/');
    if name.is_empty() || is_directory || name.contains(char::is_control) {
        return Err(form());
    }
    if name.len() > MAX_SOCKET_NAME {
        return Err(StatusAddrError::Long(written.to_owned()));
    }
    Ok(address)
}

fn tcp(written: &str) -> Result<StatusAddr, StatusAddrError> {
    let form = || StatusAddrError::Form(written.to_owned());
    let (host, port) = written.rsplit_once(':').ok_or_else(form)?;
    let is_decimal = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|_| is_decimal).ok_or_else(form)?;
    if host.is_empty() {
        return Err(StatusAddrError::NoHost(written.to_owned()));
    }
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_valid = match bracketed {
        Some(ip) => ip.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
    };
    if !is_valid {
        return Err(form());
    }
    Ok(StatusAddr::Tcp {
        host: bracketed.unwrap_or(host).to_owned(),
        port,
    })
}

impl StatusAddr {
    /// The file of the socket; `None`: it has none.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Socket(path) => Some(path),
            Self::Tcp { .. } | Self::Abstract(_) => None,
        }
    }
}

impl fmt::Display for StatusAddr {
    /// Writes the address as it is read.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(out, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(out, "{host}:{port}"),
            Self::Socket(path) => write!(out, "unix://{}", path.display()),
            Self::Abstract(name) => write!(out, "unix:@{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tcp(host: &str, port: u16) -> StatusAddr {
        let host = host.to_owned();
        StatusAddr::Tcp { host, port }
    }

    #[test]
    fn an_address_has_three_forms() {
        let socket = |path: &str| StatusAddr::Socket(path.into());
        let cases = [
            ("127.0.0.1:9700", tcp("127.0.0.1", 9700), "127.0.0.1:9700"),
            (" localhost:0 ", tcp("localhost", 0), "localhost:0"),
            ("[::1]:9700", tcp("::1", 9700), "[::1]:9700"),
            ("unix:/run/s", socket("/run/s"), "unix:///run/s"),
            ("unix:///run/a b", socket("/run/a b"), "unix:///run/a b"),
            (
                "unix:@ctmpl",
                StatusAddr::Abstract("ctmpl".to_owned()),
                "unix:@ctmpl",
            ),
        ];
        for (text, address, shown) in cases {
            assert_eq!(text.parse(), Ok(address.clone()), "{text}");
            assert_eq!(address.to_string(), shown, "{text}");
            assert_eq!(shown.parse(), Ok(address), "{text}");
        }
    }

    #[test]
    fn an_invalid_address_is_an_error_with_the_remedy() {
        let long = format!("unix:@{}", "x".repeat(108));
        let cases = [
            ("", "write HOST:PORT, for example 127.0.0.1:9700"),
            ("9700", "is not an address"),
            ("localhost", "is not an address"),
            ("h:", "is not an address"),
            ("h:+1", "is not an address"),
            ("h:65536", "is not an address"),
            ("::1", "is not an address"),
            ("[::1", "is not an address"),
            ("[h]:1", "is not an address"),
            ("http://h:1", "is not an address"),
            ("u:s@h:1", "is not an address"),
            ("unix:@", "is not an address"),
            ("unix:@a\0b", "is not an address"),
            ("unix:///run/", "is not an address"),
            (
                ":9700",
                "write 127.0.0.1:9700 for this machine only, or 0.0.0.0:9700",
            ),
            ("unix:", "with three slashes"),
            ("unix:run/s", "with three slashes"),
            ("unix://run/s", "with three slashes"),
            (&long, "at most 107 bytes"),
        ];
        for (text, reason) in cases {
            let error = text.parse::<StatusAddr>().expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_address_that_is_read_is_read_back(text in "(unix:)?(//)?[/@]?[a-z:.\\[\\]]{0,6}(:[0-9]{1,5})?") {
            if let Ok(address) = text.parse::<StatusAddr>() {
                prop_assert_eq!(address.to_string().parse(), Ok(address));
            }
        }
    }
}
