//! The errors of the command line.

use clap::error::{ContextKind, ContextValue};

use crate::exit_code;

/// An invalid command line. No message shows the value of a secret flag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CliError {
    /// A flag of neither ctmpl nor consul-template.
    #[error("unknown flag {flag}{} `ctmpl --help` lists all", tip(similar.as_deref()))]
    UnknownFlag {
        /// The flag as typed, with two dashes and without its value.
        flag: String,
        /// A similar flag.
        similar: Option<String>,
    },
    /// A flag of the daemon that `ctmpl dev` does not have.
    #[error("the flag {flag} cannot be used with `ctmpl dev`, which starts its own server")]
    NotWithDev {
        /// The flag as typed, with two dashes.
        flag: String,
    },
    /// A flag of another command.
    #[error(
        "the flag {flag} does not go with `ctmpl {command}`; `ctmpl {command} --help` lists those that do"
    )]
    NotWith {
        /// The flag as typed, with two dashes.
        flag: String,
        /// The command that does not have it.
        command: String,
    },
    /// A flag of a command, used without that command.
    #[error(
        "the flag {flag} goes only with `ctmpl {}`; write `ctmpl {} {flag} …`",
        commands.join("` or `ctmpl "),
        commands.first().map_or("", String::as_str)
    )]
    OnlyWith {
        /// The flag as typed, with two dashes.
        flag: String,
        /// The commands that have it.
        commands: Vec<String>,
    },
    /// A command without its operand.
    #[error("`ctmpl {command}` needs a {word}; write `ctmpl {command} [FLAGS] {word}`")]
    MissingWord {
        /// The command.
        command: String,
        /// The name of the operand.
        word: String,
    },
    /// A flag without its value.
    #[error("the flag {flag} needs a value; write {flag} {form}")]
    MissingValue {
        /// The flag.
        flag: String,
        /// The form of the value.
        form: String,
    },
    /// A boolean value that is not one of Go's twelve spellings.
    #[error(
        "invalid boolean value {value:?} for {flag}; write {flag}, {flag}=true or {flag}=false"
    )]
    InvalidBoolean {
        /// The flag.
        flag: String,
        /// The value as typed.
        value: String,
    },
    /// A command that does not exist, after `ctmpl help`.
    #[error("there is no command {name:?}{} `ctmpl --help` lists all", tip(similar.as_deref()))]
    UnknownCommand {
        /// The name as typed.
        name: String,
        /// A similar command.
        similar: Option<String>,
    },
    /// A first word that is neither a command nor similar to one.
    #[error(
        "there is no command {name:?}; `ctmpl --help` lists all, and without a command, ctmpl runs the daemon"
    )]
    NoCommand {
        /// The word as typed.
        name: String,
    },
    /// A word that is neither a flag nor its value.
    #[error("unexpected word{}{}", quoted(word.as_deref()), remedy(after.as_deref(), instead.as_deref()))]
    ExtraWord {
        /// The word as typed; `None` if it follows the value of a secret and may be a part of it.
        word: Option<String>,
        /// The preceding flag, if it takes no separate value.
        after: Option<String>,
        /// The command or flag to suggest.
        instead: Option<String>,
    },
    /// A subcommand that is not the first word.
    #[error("`{name}` must come first; write `ctmpl {name} …` with all flags after it")]
    SubcommandFirst {
        /// The name of the subcommand.
        name: String,
    },
    /// A flag with three dashes, or without a name.
    #[error("bad flag syntax {word:?}; flags are written -name, -name=value or -name value")]
    BadSyntax {
        /// The word as typed, without a value.
        word: String,
    },
    /// An error of `clap`.
    #[error("{0}")]
    Refused(String),
}

fn tip(similar: Option<&str>) -> String {
    similar.map_or(";".to_owned(), |near| format!(", did you mean {near}?"))
}

fn quoted(word: Option<&str>) -> String {
    word.map(|word| format!(" {word:?}")).unwrap_or_default()
}

fn remedy(after: Option<&str>, instead: Option<&str>) -> String {
    match (instead, after) {
        (Some(instead), _) => format!("; did you mean `{instead}`?"),
        (None, Some(flag)) => {
            format!("; {flag} takes no separate value, write {flag}=true or {flag}=false")
        }
        (None, None) => {
            "; every value belongs to a flag, and one with blanks needs quotes".to_owned()
        }
    }
}

impl CliError {
    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        exit_code::USAGE
    }

    /// Converts an error of `clap`: its first line and the possible values. The usage is in the help.
    pub(super) fn from_clap(error: &clap::Error) -> Self {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        let line = line.strip_prefix("error: ").unwrap_or(line);
        let words = match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(words)) if !words.is_empty() => {
                format!("; write {}", words.join(" or "))
            }
            _ => String::new(),
        };
        Self::Refused(format!("{line}{words}"))
    }
}
