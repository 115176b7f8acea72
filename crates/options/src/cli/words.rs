//! Normalizes Go's flags for `clap`.
//!
//! Input: words as typed: `-wait 2s -once`. Output: words of one form: `--wait=2s --once=true`; or
//! a request for help or version.
//!
//! A value is joined to its flag, so it may begin with a dash. A bool never takes a separate word.
//! The first invalid word is reported.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::{Arg, ArgAction, Command};

use super::error::CliError;
use super::suggestion::{for_word, similar_flag};
use config_blocks::go_bool;

/// The normalized command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The normalized words; the first is the name of the program.
    Words(Vec<OsString>),
    /// `--version`, if the whole command line is valid.
    Version,
    /// `--help`, if the words before it are valid.
    Help {
        /// The subcommand; `None` for the program.
        subcommand: Option<String>,
        /// `true` for `-h`: the most used flags only.
        is_short: bool,
    },
}

/// The value that a flag takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Help,
    Version,
    Bool,
    Value,
}

fn kind(arg: &Arg) -> Kind {
    match arg.get_action() {
        ArgAction::Help => Kind::Help,
        ArgAction::Version => Kind::Version,
        _ if arg
            .get_num_args()
            .is_some_and(|count| count.min_values() == 0) =>
        {
            Kind::Bool
        }
        _ => Kind::Value,
    }
}

/// The flags after whose value an unexpected word is not shown, because it may be the rest of a secret.
const SECRET: [&str; 4] = [
    "consul-token",
    "consul-auth",
    "exec-env-custom",
    "vault-token",
];

/// Reads the words after the name of the program. `root` must be built.
pub(super) fn read(
    root: &Command,
    words: impl Iterator<Item = OsString>,
) -> Result<Reading, CliError> {
    let out = vec!["ctmpl".into()];
    Reader {
        root,
        subcommand: None,
        words,
        previous: None,
        version: false,
        operands: Vec::new(),
        out,
    }
    .run()
}

struct Reader<'a, W> {
    root: &'a Command,
    subcommand: Option<&'a Command>,
    words: W,
    /// The flag that was read last.
    previous: Option<&'a Arg>,
    version: bool,
    /// The operands of the subcommand, such as a file.
    operands: Vec<OsString>,
    out: Vec<OsString>,
}

impl<'a, W: Iterator<Item = OsString>> Reader<'a, W> {
    /// The command whose flags are being read.
    fn command(&self) -> &'a Command {
        self.subcommand.unwrap_or(self.root)
    }

    fn run(mut self) -> Result<Reading, CliError> {
        while let Some(word) = self.words.next() {
            if word == "--" {
                while let Some(word) = self.words.next() {
                    if !self.takes_word() {
                        return Err(self.extra(&word));
                    }
                    self.word(&word)?;
                }
                return self.end();
            }
            match word.as_bytes() {
                [b'-', _, ..] => {
                    if self.flag(&word)? == Kind::Help {
                        let subcommand =
                            self.subcommand.map(|command| command.get_name().to_owned());
                        return Ok(Reading::Help {
                            subcommand,
                            is_short: word == "-h",
                        });
                    }
                }
                _ => self.word(&word)?,
            }
        }
        self.end()
    }

    fn end(mut self) -> Result<Reading, CliError> {
        if self.version {
            return Ok(Reading::Version);
        }
        if let Some(word) = self.wanted_word() {
            return Err(CliError::MissingWord {
                command: self.command().get_name().to_owned(),
                word,
            });
        }
        if !self.operands.is_empty() {
            // After `--`, operands are not parsed as flags.
            self.out.push("--".into());
            self.out.append(&mut self.operands);
        }
        Ok(Reading::Words(self.out))
    }

    /// Returns `true` if the subcommand takes another operand.
    fn takes_word(&self) -> bool {
        self.subcommand
            .is_some_and(|command| self.operands.len() < command.get_positionals().count())
    }

    /// The name of the next operand; `None` if it is not required.
    fn wanted_word(&self) -> Option<String> {
        let wanted = self
            .subcommand?
            .get_positionals()
            .filter(|operand| operand.is_required_set());
        wanted.skip(self.operands.len()).find_map(value_name)
    }

    /// Reads a word without a dash: a subcommand, an operand, or an unexpected word.
    fn word(&mut self, word: &OsStr) -> Result<(), CliError> {
        if self.takes_word() {
            self.operands.push(word.to_owned());
            return Ok(());
        }
        let subcommand = word
            .to_str()
            .and_then(|name| self.root.find_subcommand(name));
        match subcommand {
            Some(_) if self.out.len() > 1 || self.previous.is_some() => {
                Err(CliError::SubcommandFirst {
                    name: word.to_string_lossy().into_owned(),
                })
            }
            Some(command) => {
                self.subcommand = Some(command);
                self.out.push(word.to_owned());
                Ok(())
            }
            None => Err(self.extra(word)),
        }
    }

    fn extra(&self, word: &OsStr) -> CliError {
        let name = self.previous.and_then(Arg::get_long);
        let secret = name.is_some_and(|name| SECRET.contains(&name));
        let after = self
            .previous
            .filter(|arg| kind(arg) == Kind::Bool)
            .and(name)
            .map(|name| format!("--{name}"));
        let word = (!secret).then(|| word.to_string_lossy().into_owned());
        let has = |flag: &str| find(self.command(), flag).is_some();
        let commands = self.is_at_start().then_some(self.root);
        let instead = word
            .as_deref()
            .and_then(|word| for_word(word, has, commands));
        match word {
            Some(name)
                if instead.is_none()
                    && self.is_at_start()
                    && name.starts_with(char::is_alphabetic) =>
            {
                CliError::NoCommand { name }
            }
            word => CliError::ExtraWord {
                word,
                after,
                instead,
            },
        }
    }

    /// Returns `true` if no word was read before.
    fn is_at_start(&self) -> bool {
        self.out.len() == 1 && self.previous.is_none()
    }

    /// Reads a word with a dash, and its value.
    fn flag(&mut self, word: &OsStr) -> Result<Kind, CliError> {
        let (typed, value) = split(word);
        let name = typed
            .strip_prefix("--")
            .or_else(|| typed.strip_prefix('-'))
            .unwrap_or(&typed);
        if name.is_empty() || name.starts_with('-') {
            return Err(CliError::BadSyntax { word: typed });
        }
        let arg = find(self.command(), name).ok_or_else(|| self.unknown(name))?;
        self.previous = Some(arg);
        let long = arg.get_long().unwrap_or(name);
        let kind = kind(arg);
        match kind {
            Kind::Help => {}
            Kind::Version => self.version = boolean(long, value)?,
            Kind::Bool => self
                .out
                .push(format!("--{long}={}", boolean(long, value)?).into()),
            Kind::Value => {
                let value = value.map(OsStr::to_owned).or_else(|| self.words.next());
                let value = value.ok_or_else(|| missing_value(arg, long))?;
                let mut joined = OsString::from(format!("--{long}="));
                joined.push(value);
                self.out.push(joined);
            }
        }
        Ok(kind)
    }

    fn unknown(&self, name: &str) -> CliError {
        let dashes = if name.chars().count() == 1 { "-" } else { "--" };
        let flag = format!("{dashes}{name}");
        let own = self.subcommand.map(Command::get_name);
        let others: Vec<_> = self
            .root
            .get_subcommands()
            .filter(|command| find(command, name).is_some())
            .map(|command| command.get_name().to_owned())
            .collect();
        if own == Some("dev") && find(self.root, name).is_some() {
            CliError::NotWithDev { flag }
        } else if let Some(command) =
            own.filter(|_| !others.is_empty() || find(self.root, name).is_some())
        {
            CliError::NotWith {
                flag,
                command: command.to_owned(),
            }
        } else if !others.is_empty() && find(self.root, name).is_none() {
            CliError::OnlyWith {
                flag,
                commands: others,
            }
        } else {
            CliError::UnknownFlag {
                similar: similar_flag(self.command(), &flag),
                flag,
            }
        }
    }
}

/// Splits a flag into its name with dashes, and the value after the first `=`.
fn split(word: &OsStr) -> (String, Option<&OsStr>) {
    let bytes = word.as_bytes();
    let (name, value) = match bytes.iter().position(|byte| *byte == b'=') {
        Some(at) => (&bytes[..at], Some(OsStr::from_bytes(&bytes[at + 1..]))),
        None => (bytes, None),
    };
    (String::from_utf8_lossy(name).into_owned(), value)
}

fn find<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| {
        arg.get_long_and_visible_aliases()
            .is_some_and(|names| names.contains(&name))
            || arg
                .get_short()
                .is_some_and(|short| name.strip_prefix(short) == Some(""))
    })
}

/// Parses a bool in one of Go's spellings. Without a value, it is `true`.
fn boolean(flag: &str, value: Option<&OsStr>) -> Result<bool, CliError> {
    let Some(value) = value else { return Ok(true) };
    value
        .to_str()
        .and_then(go_bool)
        .ok_or_else(|| CliError::InvalidBoolean {
            flag: format!("--{flag}"),
            value: value.to_string_lossy().into_owned(),
        })
}

fn missing_value(arg: &Arg, long: &str) -> CliError {
    CliError::MissingValue {
        flag: format!("--{long}"),
        form: value_name(arg).unwrap_or_default(),
    }
}

/// The name of the value of a flag, or of an operand.
fn value_name(arg: &Arg) -> Option<String> {
    arg.get_value_names()?.first().map(ToString::to_string)
}
