//! Signals by name: `SIGHUP`, `sighup`, `HUP`; `SIGNULL` for none.

use std::str::FromStr;

use config_blocks::{
    Error, FromNode, Input, Node, Pattern, Position, Reason, Shape, Spelling, Value, in_any_case,
    quoted,
};
use nix::sys::signal::Signal;

/// A signal, or `None` for `SIGNULL`: no signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignalName(pub Option<Signal>);

/// A text that is not a signal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no signal {written:?}; there are {}", list())]
pub struct SignalError {
    written: String,
}

/// The signals of consul-template, without SIGCHLD and SIGURG, which a process receives in passing.
const KNOWN: [Signal; 26] = [
    Signal::SIGABRT,
    Signal::SIGALRM,
    Signal::SIGBUS,
    Signal::SIGCONT,
    Signal::SIGFPE,
    Signal::SIGHUP,
    Signal::SIGILL,
    Signal::SIGINT,
    Signal::SIGIO,
    Signal::SIGKILL,
    Signal::SIGPIPE,
    Signal::SIGPROF,
    Signal::SIGQUIT,
    Signal::SIGSEGV,
    Signal::SIGSTOP,
    Signal::SIGSYS,
    Signal::SIGTERM,
    Signal::SIGTRAP,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGWINCH,
    Signal::SIGXCPU,
    Signal::SIGXFSZ,
];

fn list() -> String {
    KNOWN.map(Signal::as_str).join(", ") + ", and SIGNULL for none"
}

impl SignalName {
    /// All names, including `SIGNULL`.
    fn names() -> Vec<&'static str> {
        KNOWN
            .into_iter()
            .map(Signal::as_str)
            .chain(["SIGIOT", "SIGNULL"])
            .collect()
    }

    /// Returns `true` if a process can handle the signal. The others kill or stop it.
    pub(crate) fn can_be_handled(self) -> bool {
        !matches!(
            self.0,
            Some(
                Signal::SIGKILL
                    | Signal::SIGSTOP
                    | Signal::SIGILL
                    | Signal::SIGFPE
                    | Signal::SIGSEGV
            )
        )
    }
}

impl FromStr for SignalName {
    type Err = SignalError;

    fn from_str(text: &str) -> Result<Self, SignalError> {
        let upper = text.trim().to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        match name {
            "NULL" => return Ok(Self(None)),
            "IOT" => return Ok(Self(Some(Signal::SIGABRT))),
            _ => {}
        }
        KNOWN
            .into_iter()
            .find(|signal| signal.as_str().strip_prefix("SIG") == Some(name))
            .map(|signal| Self(Some(signal)))
            .ok_or_else(|| SignalError {
                written: text.to_owned(),
            })
    }
}

/// In a file, the empty text means: no signal.
impl FromNode for SignalName {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        let expected = "the name of a signal in quotes, for example \"SIGHUP\"";
        match position.text(node, expected)? {
            "" => Ok(Self(None)),
            name => position.parse(name),
        }
    }

    fn shape() -> Shape {
        Shape::spelled(Spelling {
            name: "signal",
            names: SignalName::names(),
            pattern: Pattern::Of(|| {
                let names = SignalName::names();
                let bare = names.iter().map(|name| name.trim_start_matches("SIG"));
                let bare = in_any_case(&bare.collect::<Vec<_>>());
                format!("^(([Ss][Ii][Gg])?({bare}))?$")
            }),
        })
    }
}

impl Value for SignalName {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        input.parse()
    }

    fn shown(&self) -> Option<String> {
        Some(quoted(self.0.map_or("", Signal::as_str)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_signal_is_found_in_every_spelling() {
        assert!(!KNOWN.is_empty());
        for signal in KNOWN {
            let name = signal.as_str();
            let bare = name.trim_start_matches("SIG");
            for spelling in [name, bare, &name.to_lowercase(), &bare.to_lowercase()] {
                assert_eq!(spelling.parse(), Ok(SignalName(Some(signal))), "{spelling}");
            }
        }
        assert_eq!("SIGIOT".parse(), Ok(SignalName(Some(Signal::SIGABRT))));
        assert_eq!("sigNull".parse(), Ok(SignalName(None)));
    }

    #[test]
    fn the_error_for_an_unknown_signal_lists_the_signals() {
        let cases = [
            "",
            "1",
            "9",
            "SIG",
            "SIGSIGHUP",
            "SIGCHLD",
            "SIGURG",
            "TERMINATE",
        ];
        assert!(!cases.is_empty());
        for text in cases {
            let error = text.parse::<SignalName>().expect_err(text).to_string();
            assert!(
                error.contains(&format!("{text:?}")) && error.contains("SIGHUP"),
                "{error}"
            );
        }
    }
}
