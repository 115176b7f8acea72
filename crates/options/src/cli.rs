//! Parses the command line.
//!
//! Input: the words of the command line, in Go style (`-once`, `-wait 2s`) or GNU style (`--once`,
//! `--wait=2s`). Output: a [`Command`] with its arguments, of which only the syntax is checked.
//!
//! The flag of a configuration key is declared with the key, in `config`. Help, manual page and
//! completions are derived.

mod arguments;
mod commands;
mod error;
mod flags;
mod help;
mod own_flags;
mod pages;
mod suggestion;
mod words;

use std::ffi::OsString;

use clap::ArgMatches;

use commands::Wanted;

pub use crate::config::{Arguments, DevArguments};
pub use arguments::{
    ApproveArguments, ConvertArguments, DiffArguments, HistoryArguments, MigrateArguments,
    PlanArguments, RenderArguments, RollbackArguments, StatusArguments,
};
use clap_pages::Shell;
pub use error::CliError;

/// The command to run: the daemon, a subcommand, or the printing of a text such as the help.
#[derive(Debug)]
pub enum Command {
    /// Run the daemon.
    Run(Box<Arguments>),
    /// Convert a template.
    Convert(Box<ConvertArguments>),
    /// Print a rendering with the data of a file.
    Render(RenderArguments),
    /// Show what the daemon would change.
    Plan(Box<PlanArguments>),
    /// Write files to start from.
    Init,
    /// Rewrite a configuration of consul-template.
    Migrate(MigrateArguments),
    /// List the files that the daemon has written, or the contents of one.
    History(HistoryArguments),
    /// Show the difference between two contents of a file.
    Diff(DiffArguments),
    /// Let the daemon restore a content of a file, or release the file.
    Rollback(RollbackArguments),
    /// List the parked changes, or let the daemon apply one.
    Approve(ApproveArguments),
    /// Ask a running daemon for its state.
    Status(StatusArguments),
    /// Check the configuration and the templates.
    Validate(Box<Arguments>),
    /// Show the configuration.
    Config(Box<Arguments>),
    /// Print this text on standard output (help, version, a page), and exit with 0.
    Print(String),
    /// Print the JSON Schema of configurations.
    Schema,
    /// Print the completion script for this shell.
    Completions(Shell),
    /// Print the reference of this template function, or of all functions.
    Functions(Option<String>),
}

/// Parses the command line. The first word is the name of the program.
///
/// # Errors
/// [`CliError`] with the invalid word and the remedy, in one line.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, CliError> {
    let words: Vec<OsString> = args.into_iter().skip(1).collect();
    let is_typed = |name: &str| words.iter().any(|word| word == name);
    // An error may name a flag of another subcommand.
    parse_for(&is_typed, &words).or_else(|_| parse_for(&|_| true, &words))
}

/// Parses the command line with the flags of the subcommands that are `wanted`.
fn parse_for(wanted: Wanted<'_>, words: &[OsString]) -> Result<Command, CliError> {
    let mut parser = with_all_flags(wanted);
    parser.build();
    let words = match words::read(&parser, words.iter().cloned())? {
        words::Reading::Words(words) => words,
        words::Reading::Version => return Ok(Command::Print(version())),
        words::Reading::Help {
            subcommand,
            is_short,
        } => return help(subcommand.as_deref(), is_short),
    };
    let matches = parser
        .try_get_matches_from(words)
        .map_err(|error| CliError::from_clap(&error))?;
    match matches.subcommand() {
        Some(("help", own)) => help(own.get_one::<String>("command").map(String::as_str), false),
        _ => command(&matches),
    }
}

/// Creates the completion script for a shell. `functions` are the names of the template functions.
pub fn completion_script(shell: Shell, functions: &[&str]) -> String {
    pages::completion_script(documented(), shell, functions)
}

fn version() -> String {
    format!("ctmpl v{}\n", env!("CARGO_PKG_VERSION"))
}

/// The help of the program, or of one of its subcommands.
fn help(subcommand: Option<&str>, is_short: bool) -> Result<Command, CliError> {
    let all = documented();
    let command = match subcommand {
        None => &all,
        Some(name) => all
            .find_subcommand(name)
            .ok_or_else(|| CliError::UnknownCommand {
                similar: suggestion::similar_command(&all, name),
                name: name.to_owned(),
            })?,
    };
    Ok(Command::Print(if is_short {
        help::short(command)
    } else {
        help::full(command)
    }))
}

fn command(matches: &ArgMatches) -> Result<Command, CliError> {
    let daemon = |matches| Box::new(arguments::arguments(matches, None));
    Ok(match matches.subcommand() {
        None => Command::Run(daemon(matches)),
        Some(("dev", own)) => {
            let dev = arguments::dev_arguments(own);
            Command::Run(Box::new(arguments::arguments(own, Some(dev))))
        }
        Some(("validate", own)) => Command::Validate(daemon(own)),
        Some(("config", own)) => Command::Config(daemon(own)),
        Some(("convert", own)) => Command::Convert(Box::new(arguments::convert_arguments(own))),
        Some(("plan", own)) => Command::Plan(Box::new(arguments::plan_arguments(own))),
        Some(("render", own)) => Command::Render(arguments::render_arguments(own)),
        Some(("init", _)) => Command::Init,
        Some(("migrate", own)) => Command::Migrate(arguments::migrate_arguments(own)),
        Some(("status", own)) => Command::Status(arguments::status_arguments(own)),
        Some(("history", own)) => Command::History(arguments::history_arguments(own)),
        Some(("diff", own)) => Command::Diff(arguments::diff_arguments(own)),
        Some(("rollback", own)) => Command::Rollback(arguments::rollback_arguments(own)),
        Some(("approve", own)) => Command::Approve(arguments::approve_arguments(own)),
        Some(("functions", own)) => Command::Functions(own.get_one::<String>("name").cloned()),
        Some(("completions", own)) => Command::Completions(arguments::shell_argument(own)),
        Some(("version", _)) => Command::Print(version()),
        Some(("man", _)) => Command::Print(pages::manual(&documented())),
        Some(("schema", _)) => Command::Schema,
        // A declared command that is missing here.
        Some((name, _)) => {
            return Err(CliError::UnknownCommand {
                name: name.to_owned(),
                similar: None,
            });
        }
    })
}

/// The commands and flags that help, manual and completions show.
fn documented() -> clap::Command {
    let mut command = commands::command(&|_| true);
    command.build();
    command
}

/// The commands and flags that are accepted, including flags without effect.
fn with_all_flags(wanted: Wanted<'_>) -> clap::Command {
    let command = flags::with_ignored(commands::command(wanted));
    ["dev", "validate", "config", "plan"]
        .into_iter()
        .filter(|name| wanted(name))
        .fold(command, |command, name| {
            command.mut_subcommand(name, flags::with_ignored)
        })
}

#[cfg(test)]
mod tests;
