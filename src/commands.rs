//! The subcommands, one file each.
//!
//! Input: the parsed command line, a [`Command`]. Output: an [exit code](crate::exit_code), or a
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

use crate::cli::{self, Command};
use crate::config::logging::Color;
use crate::signals;

pub use output::Failure;
use output::print;

impl Command {
    /// Runs the subcommand and returns the exit code.
    ///
    /// # Errors
    /// [`Failure`] if the subcommand fails.
    pub fn run(self) -> Result<u8, Failure> {
        if !matches!(self, Self::Run(_)) {
            signals::release();
        }
        let color = self.color();
        self.result().map_err(|failure| failure.with_color(color))
    }

    /// The value of `--color`, for a failure before the configuration is known.
    fn color(&self) -> Color {
        let arguments = match self {
            Self::Run(arguments) | Self::Validate(arguments) | Self::Config(arguments) => arguments,
            Self::Plan(plan) => &plan.arguments,
            _ => return Color::Auto,
        };
        let text = arguments.flags.last("--color").and_then(OsStr::to_str);
        let color = text.and_then(|text| Color::of_name(text).ok());
        color.unwrap_or_default()
    }

    fn result(self) -> Result<u8, Failure> {
        match self {
            Self::Run(arguments) => daemon::run(*arguments),
            Self::Validate(arguments) => validate::run(*arguments),
            Self::Config(arguments) => config::run(*arguments),
            Self::Convert(arguments) => convert::run(*arguments),
            Self::Migrate(arguments) => migrate::run(arguments),
            Self::Functions(name) => functions::run(name.as_deref()),
            Self::Plan(arguments) => plan::run(*arguments),
            Self::Render(arguments) => render::run(&arguments),
            Self::Status(arguments) => status::run(arguments),
            Self::History(arguments) => history::run(arguments),
            Self::Diff(arguments) => diff::run(&arguments),
            Self::Rollback(arguments) => rollback::run(&arguments),
            Self::Approve(arguments) => approve::run(&arguments),
            Self::Init => init::run(),
            Self::Completions(shell) => {
                Ok(print(&cli::completion_script(shell, &functions::names())))
            }
            Self::Schema => Ok(schema::run()),
            Self::Print(text) => Ok(print(&text)),
        }
    }
}
