//! Parses the command line.
//!
//! Input: the words of the command line, in Go style (`-once`, `-wait 2s`) or GNU style (`--once`, `--wait=2s`). Output:
//! an [`Outcome`]: [`Arguments`] of which only the spelling is checked, or a text to print.
//!
//! A flag that sets a key is declared with the key, in `config`. Help, manual page and completions follow.

mod commands;
mod completions;
mod error;
mod flags;
mod man;
mod shell;
mod words;

use std::ffi::OsString;

use clap::{ArgMatches, Command};

pub use crate::config::{Arguments, DevArguments};
pub use commands::{ConvertArguments, MigrateArguments};
pub use error::CliError;

/// The request of the command line.
#[derive(Debug)]
pub enum Outcome {
    /// Run the daemon.
    Run(Box<Arguments>),
    /// Convert a template.
    Convert(Box<ConvertArguments>),
    /// Rewrite a configuration of consul-template.
    Migrate(MigrateArguments),
    /// Check the configuration and the templates.
    Validate(Box<Arguments>),
    /// Show the configuration.
    Config(Box<Arguments>),
    /// Print this text on standard output (help, version, a page), and exit with 0.
    Print(String),
    /// Print the JSON Schema of configurations.
    Schema,
    /// Print the reference of template functions: of this one, or of all.
    Functions(Option<String>),
}

/// Parses the command line; the first word is the name of the program.
///
/// # Errors
/// [`CliError`] names, in one line, the invalid word and the remedy.
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
    Ok(outcome(&matches))
}

fn outcome(matches: &ArgMatches) -> Outcome {
    let daemon = |matches| Box::new(commands::arguments(matches, None));
    match matches.subcommand() {
        None => Outcome::Run(daemon(matches)),
        Some(("dev", own)) => {
            let dev = commands::dev_arguments(own);
            Outcome::Run(Box::new(commands::arguments(own, Some(dev))))
        }
        Some(("validate", own)) => Outcome::Validate(daemon(own)),
        Some(("config", own)) => Outcome::Config(daemon(own)),
        Some(("convert", own)) => Outcome::Convert(Box::new(commands::convert_arguments(own))),
        Some(("migrate", own)) => Outcome::Migrate(commands::migrate_arguments(own)),
        Some(("functions", own)) => Outcome::Functions(own.get_one::<String>("name").cloned()),
        Some(("completions", own)) => Outcome::Print(
            own.get_one::<shell::Shell>("shell")
                .map(|shell| completions::script(described(), *shell))
                .unwrap_or_default(),
        ),
        Some(("man", _)) => Outcome::Print(man::page(&described())),
        Some((_, _)) => Outcome::Schema,
    }
}

/// The commands and flags of help, manual and completions.
fn described() -> Command {
    let mut command = commands::command();
    command.build();
    command
}

/// The same, with the flags that have no effect.
fn everything_taken() -> Command {
    let command = flags::with_ignored(commands::command());
    ["dev", "validate", "config"]
        .into_iter()
        .fold(command, |command, name| {
            command.mut_subcommand(name, flags::with_ignored)
        })
}

#[cfg(test)]
mod tests;
