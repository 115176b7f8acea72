//! An action that reloads a program, as data.

use std::fmt;
use std::path::PathBuf;

use nix::sys::signal::Signal;
use url::Url;

/// An action that reloads a program without a process of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReloadAction {
    /// Sends a signal to a process.
    Signal {
        /// The process.
        process: SignalTarget,
        /// The signal.
        signal: Signal,
    },
    /// Sends a request, which is answered with a status of success.
    Http(HttpAction),
    /// Sends a signal to the first process of a container.
    Docker {
        /// The socket of the engine.
        socket: PathBuf,
        /// The name or the ID of the container.
        container: String,
        /// The signal.
        signal: Signal,
    },
}

/// The process that receives a signal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SignalTarget {
    /// The process whose ID is in this file.
    PidFile(PathBuf),
    /// The process with this name; of a process and its children with the same name, the first.
    Name(String),
}

/// A request. All parts except the method and the address without its query may be secret.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HttpAction {
    /// The method.
    pub method: String,
    /// The address.
    pub url: Url,
    /// Name and value of each header.
    pub headers: Vec<(String, String)>,
    /// The body; may be empty.
    pub body: String,
}

/// Without secrets.
impl fmt::Debug for HttpAction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

impl fmt::Display for HttpAction {
    /// Writes the method and the address, without secrets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.method, redacted(&self.url))
    }
}

impl fmt::Display for ReloadAction {
    /// Writes the action on one line, without secrets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal { process, signal } => match process {
                SignalTarget::PidFile(path) => write!(out, "signal {signal} {}", path.display()),
                SignalTarget::Name(name) => write!(out, "signal {signal} {name}"),
            },
            Self::Http(request) => write!(out, "http {request}"),
            Self::Docker {
                container, signal, ..
            } => write!(out, "docker {signal} {container}"),
        }
    }
}

/// A URL without user, password and the value of its query.
fn redacted(url: &Url) -> String {
    let mut shown = url.clone();
    let has_user = !url.username().is_empty() || url.password().is_some();
    // Both fail only for a URL without a host.
    let _ = shown.set_username(if has_user { "***" } else { "" });
    let _ = shown.set_password(None);
    shown.set_query(url.query().map(|_| "***"));
    shown.set_fragment(None);
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_shown_without_secrets() {
        let http = |url: &str| {
            ReloadAction::Http(HttpAction {
                method: "POST".to_owned(),
                url: url.parse().expect(url),
                headers: vec![("Authorization".to_owned(), "s3cret".to_owned())],
                body: "s3cret".to_owned(),
            })
        };
        let signal = |process| ReloadAction::Signal {
            process,
            signal: Signal::SIGHUP,
        };
        let docker = ReloadAction::Docker {
            socket: "/s".into(),
            container: "web".to_owned(),
            signal: Signal::SIGUSR1,
        };
        let cases = [
            (http("http://h:1/-/reload"), "http POST http://h:1/-/reload"),
            (
                http("https://u:s3cret@h/p?s3cret=s3cret#s3cret"),
                "http POST https://***@h/p?***",
            ),
            (http("https://:s3cret@h/"), "http POST https://***@h/"),
            (
                signal(SignalTarget::Name("nginx".to_owned())),
                "signal SIGHUP nginx",
            ),
            (
                signal(SignalTarget::PidFile("/run/n.pid".into())),
                "signal SIGHUP /run/n.pid",
            ),
            (docker, "docker SIGUSR1 web"),
        ];
        for (action, expected) in cases {
            assert_eq!(action.to_string(), expected);
            assert!(!format!("{action:?}").contains("s3cret"));
        }
    }
}
