//! Flags of consul-template that ctmpl accepts and does not need. What is said about each is in `config::later`.

use clap::{Arg, ArgMatches, Command, value_parser};

/// Those that were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnusedArguments {
    /// In the order of consul-template's documentation, each once.
    pub said: Vec<UnusedFlag>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedFlag {
    /// With two dashes.
    pub flag: &'static str,
    /// Its value, where that can be wrong.
    pub value: UnusedValue,
}

/// The value of such a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnusedValue {
    /// Some text, which may be a secret.
    Text,
    /// A bool.
    Bool(bool),
    /// Something that should be a duration.
    Duration(String),
    /// Something that should be a number.
    Number(String),
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Bool,
    Duration,
    Number,
}
use Kind::{Bool, Duration, Number, Text};

const UNUSED: &[(&str, Kind)] = &[
    ("--dedup", Bool),
    ("--vault-addr", Text),
    ("--vault-token", Text),
    ("--vault-agent-token-file", Text),
    ("--vault-renew-token", Bool),
    ("--vault-unwrap-token", Bool),
    ("--vault-default-lease-duration", Duration),
    ("--vault-client-user-agent", Text),
    ("--vault-retry", Bool),
    ("--vault-retry-attempts", Number),
    ("--vault-retry-backoff", Duration),
    ("--vault-retry-max-backoff", Duration),
    ("--vault-ssl", Bool),
    ("--vault-ssl-ca-cert", Text),
    ("--vault-ssl-ca-path", Text),
    ("--vault-ssl-cert", Text),
    ("--vault-ssl-key", Text),
    ("--vault-ssl-server-name", Text),
    ("--vault-ssl-verify", Bool),
    ("--vault-transport-dial-keep-alive", Duration),
    ("--vault-transport-dial-timeout", Duration),
    ("--vault-transport-disable-keep-alives", Bool),
    ("--vault-transport-max-idle-conns-per-host", Number),
    ("--vault-transport-max-conns-per-host", Number),
    ("--vault-transport-tls-handshake-timeout", Duration),
];

fn name(flag: &'static str) -> &'static str {
    flag.trim_start_matches('-')
}

impl UnusedArguments {
    /// The same command, which takes these flags too. Its help, its manual and the shells do not know of them: they
    /// would fill a page.
    pub(crate) fn added_to(command: Command) -> Command {
        let arg = |&(flag, kind): &(&'static str, Kind)| {
            let arg = Arg::new(name(flag)).long(name(flag));
            match kind {
                Bool => arg
                    .value_name("BOOL")
                    .num_args(0..=1)
                    .require_equals(true)
                    .value_parser(value_parser!(bool)),
                Duration => arg.value_name("DURATION"),
                Number => arg.value_name("COUNT"),
                Text => arg.value_name("TEXT"),
            }
        };
        command.args(UNUSED.iter().map(arg))
    }

    /// Those that were given; none where none is taken.
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        let said = UNUSED.iter().filter_map(|&(flag, kind)| {
            let text = || {
                matches
                    .try_get_one::<String>(name(flag))
                    .ok()
                    .flatten()
                    .cloned()
            };
            let value = match kind {
                Bool => UnusedValue::Bool(*matches.try_get_one::<bool>(name(flag)).ok().flatten()?),
                Duration => UnusedValue::Duration(text()?),
                Number => UnusedValue::Number(text()?),
                Text => text().map(|_| UnusedValue::Text)?,
            };
            Some(UnusedFlag { flag, value })
        });
        Self {
            said: said.collect(),
        }
    }
}
