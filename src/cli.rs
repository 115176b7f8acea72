//! The command line as typed.
//!
//! in:  the words of the command line, in Go style (`-once`, `-wait 2s`) or GNU style (`--once`, `--wait=2s`)
//! out: an [`Outcome`]: [`Arguments`] in which nothing but the spelling is checked, or a text to print
//!
//! A new flag is one field of a struct in `arguments`. Help, manual page and completions are made of the same structs.

mod arguments;
mod completions;
mod error;
mod man;
mod words;

use std::ffi::OsString;

use clap::{Command, CommandFactory, FromArgMatches};

pub use arguments::{
    Arguments, ConsulArguments, ConvertArguments, DaemonArguments, DevArguments, ExecArguments,
    LogArguments, MigrateArguments, RetryArguments, SslArguments, TransportArguments,
    UnusedArguments, UnusedFlag, UnusedValue,
};
pub use error::CliError;

/// What the command line asks for.
#[derive(Debug)]
pub enum Outcome {
    /// To run, with these arguments.
    Run(Box<Arguments>),
    /// To convert a template.
    Convert(Box<ConvertArguments>),
    /// To rewrite a configuration of consul-template.
    Migrate(MigrateArguments),
    /// To check what these arguments name.
    Validate(Box<Arguments>),
    /// To show what these arguments come to.
    Config(Box<Arguments>),
    /// To print this text on standard output (help, version, a page), and to end with exit code 0.
    Print(String),
    /// To print the JSON Schema of configurations.
    Schema,
    /// To print the reference of template functions: of this one, or of all.
    Functions(Option<String>),
}

/// Reads the command line; the first word is the program's name.
///
/// # Errors
/// [`CliError`] says, in one line, which word is wrong and what would be right.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Outcome, CliError> {
    let mut command = everything_taken();
    command.build();
    let words = match words::read(&command, args.into_iter().skip(1))? {
        words::Reading::Words(words) => words,
        words::Reading::Version => {
            return Ok(Outcome::Print(format!(
                "ctmpl v{}\n",
                env!("CARGO_PKG_VERSION")
            )));
        }
        words::Reading::Help { subcommand } => {
            let mut command = described();
            let asked = match subcommand {
                Some(name) => command.find_subcommand_mut(name),
                None => Some(&mut command),
            };
            let help = asked
                .map(|asked| asked.render_help().to_string())
                .unwrap_or_default();
            return Ok(Outcome::Print(help.trim_end().to_owned() + "\n"));
        }
    };
    let matches = command
        .try_get_matches_from(words)
        .map_err(|error| CliError::from_clap(&error))?;
    let line = arguments::CommandLine::from_arg_matches(&matches)
        .map_err(|error| CliError::from_clap(&error))?;
    let unused = UnusedArguments::of(
        matches
            .subcommand()
            .map_or(&matches, |(_, matches)| matches),
    );
    Ok(match line.into() {
        Outcome::Run(arguments) => Outcome::Run(Box::new(Arguments {
            unused,
            ..*arguments
        })),
        Outcome::Validate(arguments) => Outcome::Validate(Box::new(Arguments {
            unused,
            ..*arguments
        })),
        Outcome::Config(arguments) => Outcome::Config(Box::new(Arguments {
            unused,
            ..*arguments
        })),
        other => other,
    })
}

/// What help, manual and shells tell of.
fn described() -> Command {
    let mut command = arguments::CommandLine::command();
    command.build();
    command
}

/// The same, and the flags that are only accepted, wherever the daemon's are taken.
fn everything_taken() -> Command {
    let command = UnusedArguments::added_to(arguments::CommandLine::command());
    ["dev", "validate", "config"]
        .into_iter()
        .fold(command, |command, name| {
            command.mut_subcommand(name, UnusedArguments::added_to)
        })
}

/// A bool in one of the spellings that Go knows: `1 t T TRUE true True 0 f F FALSE false False`.
pub fn go_bool(text: &str) -> Option<bool> {
    words::go_bool(text)
}

#[cfg(test)]
mod tests;
