//! The subcommands, one file each.
//!
//! Input: the parsed command line, a [`Command`]. Output: an [exit code](ctmpl_options::exit_code), or a
//! [`Failure`] with one.

mod answers;
mod approve;
mod config;
mod convert;
mod daemon;
mod dev;
mod diff;
mod functions;
mod history;
mod init;
mod migrate;
mod output;
mod plan;
mod render;
mod request;
mod rollback;
mod schema;
mod state;
mod status;
mod table;
mod validate;

use std::ffi::OsStr;

use config_blocks::Choice as _;
use ctmpl_options::cli::{self, Command};
use ctmpl_options::config::logging::Color;

use crate::signals;

pub use output::Failure;
use output::print;

/// Runs the subcommand and returns the exit code.
///
/// # Errors
/// [`Failure`] if the subcommand fails.
pub fn run(command: Command) -> Result<u8, Failure> {
    if !matches!(command, Command::Run(_)) {
        signals::release();
    }
    let color = color_of(&command);
    result(command).map_err(|failure| failure.with_color(color))
}

/// The value of `--color`, for a failure before the configuration is known.
fn color_of(command: &Command) -> Color {
    let arguments = match command {
        Command::Run(arguments) | Command::Validate(arguments) | Command::Config(arguments) => {
            arguments
        }
        Command::Plan(plan) => &plan.arguments,
        _ => return Color::Auto,
    };
    let text = arguments.flags.last("--color").and_then(OsStr::to_str);
    let color = text.and_then(|text| Color::of_name(text).ok());
    color.unwrap_or_default()
}

fn result(command: Command) -> Result<u8, Failure> {
    match command {
        Command::Run(arguments) => daemon::run(*arguments),
        Command::Validate(arguments) => validate::run(*arguments),
        Command::Config(arguments) => config::run(*arguments),
        Command::Convert(arguments) => convert::run(*arguments),
        Command::Migrate(arguments) => migrate::run(arguments),
        Command::Functions(name) => functions::run(name.as_deref()),
        Command::Plan(arguments) => plan::run(*arguments),
        Command::Render(arguments) => render::run(&arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::History(arguments) => history::run(arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Rollback(arguments) => rollback::run(&arguments),
        Command::Approve(arguments) => approve::run(&arguments),
        Command::Init => init::run(),
        Command::Completions(shell) => {
            Ok(print(&cli::completion_script(shell, &functions::names())))
        }
        Command::Schema => Ok(schema::run()),
        Command::Print(text) => Ok(print(&text)),
    }
}
