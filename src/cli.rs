//! The command line as typed.
//!
//! in:  the words of the command line, in Go style (`-once`, `-wait 2s`) or GNU style (`--once`, `--wait=2s`)
//! out: an [`Outcome`]: [`Arguments`] in which nothing but the spelling is checked, or a text to print
//!
//! A new flag is one field of a struct in `arguments`; its consul-template name then leaves the list in `later`.

mod arguments;
mod error;
mod later;
mod words;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches};

pub use arguments::{
    Arguments, ConsulArguments, ConvertArguments, DaemonArguments, DevArguments, ExecArguments, LogArguments,
    MigrateArguments, SslArguments,
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
    /// To print this text on standard output (help or version), and to end with exit code 0.
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
    let mut command = arguments::CommandLine::command();
    command.build();
    let words = match words::read(&command, args.into_iter().skip(1))? {
        words::Reading::Words(words) => words,
        words::Reading::Version => return Ok(Outcome::Print(format!("ctmpl v{}\n", env!("CARGO_PKG_VERSION")))),
        words::Reading::Help { subcommand } => {
            let asked = match subcommand {
                Some(name) => command.find_subcommand_mut(name),
                None => Some(&mut command),
            };
            let help = asked.map(|asked| asked.render_help().to_string()).unwrap_or_default();
            return Ok(Outcome::Print(help.trim_end().to_owned() + "\n"));
        }
    };
    let matches = command.try_get_matches_from(words).map_err(|error| CliError::from_clap(&error))?;
    let line = arguments::CommandLine::from_arg_matches(&matches).map_err(|error| CliError::from_clap(&error))?;
    Ok(line.into())
}

/// A bool in one of the spellings that Go knows: `1 t T TRUE true True 0 f F FALSE false False`.
pub fn go_bool(text: &str) -> Option<bool> {
    words::go_bool(text)
}

#[cfg(test)]
mod tests;
