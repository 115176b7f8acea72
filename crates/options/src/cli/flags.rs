//! The flags that set configuration keys, derived from the declarations of the keys; and the flags
//! without effect.

use std::fmt::Write as _;

use clap::builder::{OsStringValueParser, ValueHint};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::config::ignored::{IgnoredFlag, IgnoredValue};
use config_blocks::{Flags, Key};

/// The headings of `--help`, in order.
const HEADINGS: [&str; 8] = [
    "Templates",
    "Child process",
    "Log",
    "Process",
    "Consul",
    "Consul over TLS",
    "Connections to Consul",
    "When Consul does not answer",
];

/// The keys that a command has flags for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// All keys.
    All,
    /// All keys except those for Consul.
    WithoutConsul,
    /// The keys for the connection to Consul, without retries.
    Connection,
}

impl Keys {
    fn contains(self, path: &str) -> bool {
        let is_consul = path.starts_with("consul.");
        match self {
            Self::All => true,
            Self::WithoutConsul => !is_consul,
            Self::Connection => is_consul && !path.starts_with("consul.retry."),
        }
    }
}

/// Creates the flags for these keys, in the order of `--help`.
pub(super) fn args(keys: Keys) -> Vec<Arg> {
    let mut found: Vec<_> = crate::config::reference::flag_keys()
        .iter()
        .filter(|(path, _)| keys.contains(path))
        .map(|(_, key)| *key)
        .collect();
    let order = |key: &&Key| {
        let heading = HEADINGS.iter().position(|heading| *heading == key.heading);
        (heading, key.flag != "--template")
    };
    found.sort_by_key(order);
    found.into_iter().map(arg).collect()
}

/// Returns the values of the flags in the command line.
pub(super) fn values(matches: &ArgMatches) -> Flags {
    let mut flags = Flags::default();
    for (_, key) in crate::config::reference::flag_keys() {
        if let Ok(Some(texts)) = matches.try_get_raw(long(key.flag)) {
            flags.set(key.flag, texts.map(ToOwned::to_owned).collect());
        }
    }
    flags
}

fn long(flag: &'static str) -> &'static str {
    flag.trim_start_matches('-')
}

fn arg(key: &'static Key) -> Arg {
    let shape = (key.shape)();
    let spelling = shape.spelling.as_ref().map_or("", |spelling| spelling.name);
    let is_path = spelling == "path";
    let value_name = match (key.value_name, spelling) {
        ("", _) if shape.bool => "BOOL",
        ("", "duration") => "DURATION",
        ("", "signal") => "SIGNAL",
        ("", "format") => "FORMAT",
        ("", "path") => "PATH",
        ("", _) if shape.number.is_some() => "COUNT",
        ("", _) => "TEXT",
        (name, _) => name,
    };
    let name = long(key.flag);
    let arg = Arg::new(name)
        .long(name)
        .value_name(value_name)
        .help_heading(key.heading)
        .help(help(key));
    let arg = match key.flag_alias {
        "" => arg,
        alias => arg.visible_alias(alias),
    };
    if shape.bool {
        return bool_arg(arg);
    }
    let arg = arg.action(if shape.list && spelling != "command" || shape.repeats {
        ArgAction::Append
    } else {
        ArgAction::Set
    });
    match value_name {
        "DIR" => arg.value_hint(ValueHint::DirPath),
        "PATH" => arg.value_hint(ValueHint::FilePath),
        _ if shape.repeats => arg.value_hint(ValueHint::AnyPath),
        _ => arg,
    }
    .value_parser(match is_path {
        true if key.needs_value => value_parser!(std::path::PathBuf),
        true => clap::builder::ValueParser::from(OsStringValueParser::new()),
        false => value_parser!(String),
    })
}

/// A flag with an optional value: `--once`, `--once=false`.
pub(super) fn bool_arg(arg: Arg) -> Arg {
    arg.num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .value_parser(value_parser!(bool))
        .hide_possible_values(true)
}

/// The help of a flag: the text of the key without Markdown, its possible values, its variables and
/// its default.
fn help(key: &Key) -> String {
    let plain = |text: &str| text.replace(['`', '"'], "");
    let mut help = match key.help {
        "" => plain(key.doc),
        help => help.to_owned(),
    };
    let names = names_of(key);
    if (1..=10).contains(&names.len()) {
        let _ = write!(help, " [values: {}]", names.join(", "));
    }
    if !key.env.is_empty() {
        let _ = write!(help, " [env: {}]", key.env.join(", "));
    }
    let default = match key.help_default {
        "" => plain(key.default),
        default => default.to_owned(),
    };
    if !["", "false", "[]"].contains(&default.as_str()) {
        let _ = write!(help, " [default: {default}]");
    }
    help
}

/// The possible values of a key, if its type lists them.
fn names_of(key: &Key) -> Vec<&'static str> {
    let spelling = (key.shape)().spelling;
    spelling.map(|spelling| spelling.names).unwrap_or_default()
}

/// Returns `true` if the flag with this name sets a key.
pub(super) fn sets_key(name: &str) -> bool {
    let mut keys = crate::config::reference::flag_keys().iter();
    keys.any(|(_, key)| long(key.flag) == name)
}

/// The possible values of a flag, if the type of its key lists them.
pub(super) fn names(flag: &str) -> Vec<&'static str> {
    crate::config::reference::flag_keys()
        .iter()
        .find(|(_, key)| long(key.flag) == flag)
        .map(|(_, key)| names_of(key))
        .unwrap_or_default()
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Bool,
    Duration,
    Number,
}

use Kind::{Bool, Duration, Number, Text};

/// The flags of consul-template that are accepted without effect.
const IGNORED: &[(&str, Kind)] = &[
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

/// Adds the ignored flags to a command. Help, manual and completions omit them: they would fill a page.
pub(super) fn with_ignored(command: Command) -> Command {
    let arg = |&(flag, kind): &(&'static str, Kind)| {
        let arg = Arg::new(long(flag)).long(long(flag));
        match kind {
            Bool => bool_arg(arg.value_name("BOOL")),
            Duration => arg.value_name("DURATION"),
            Number => arg.value_name("COUNT"),
            Text => arg.value_name("TEXT"),
        }
    };
    command.args(IGNORED.iter().map(arg))
}

/// Returns the ignored flags in the command line, in the order of consul-template's documentation.
pub(super) fn ignored(matches: &ArgMatches) -> Vec<IgnoredFlag> {
    let given = |&(flag, kind): &(&'static str, Kind)| {
        let text = || {
            matches
                .try_get_one::<String>(long(flag))
                .ok()
                .flatten()
                .cloned()
        };
        let value = match kind {
            Bool => IgnoredValue::Bool(*matches.try_get_one::<bool>(long(flag)).ok().flatten()?),
            Duration => IgnoredValue::Duration(text()?),
            Number => IgnoredValue::Number(text()?),
            Text => text().map(|_| IgnoredValue::Text)?,
        };
        Some(IgnoredFlag { flag, value })
    };
    IGNORED.iter().filter_map(given).collect()
}
