//! The output and the failures of the subcommands.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};

use anstyle::{AnsiColor, Style};
use ctmpl_options::cli::CliError;
use ctmpl_options::config::ConfigError;
use ctmpl_options::config::logging::Color;
use ctmpl_options::exit_code;
use error_line::without_numbers;
use tracing_outlets::is_hidden;

use crate::log::{LogError, color};

/// The component of the log lines of the subcommands.
pub(super) const COMPONENT: &str = "ctmpl";

/// The failure of a subcommand, with its exit code.
#[derive(Debug)]
pub struct Failure {
    error: anyhow::Error,
    exit_code: u8,
    color: Color,
}

impl Failure {
    pub(super) fn new(exit_code: u8, error: impl Into<anyhow::Error>) -> Self {
        Self {
            error: error.into(),
            exit_code,
            color: Color::Auto,
        }
    }

    /// Sets when the name of the program has a color.
    pub(super) fn with_color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    /// Prints the error to standard error. Returns the exit code.
    pub fn report(&self) -> u8 {
        let style = if color::is_used(self.color) {
            AnsiColor::Red.on_default().bold()
        } else {
            Style::new()
        };
        let error = escaped_lines(&without_numbers(format!("{:#}", self.error)));
        write_message(format_args!("{style}ctmpl:{style:#} {error}"));
        self.exit_code
    }
}

impl From<CliError> for Failure {
    fn from(error: CliError) -> Self {
        Self::new(error.exit_code(), error)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(error.exit_code(), error)
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Self::new(exit_code::CONFIG, error)
    }
}

/// Prints a text to standard output. Returns the exit code for success.
pub(super) fn print(text: &str) -> u8 {
    // Ignore EPIPE: the reader is gone.
    let _ = std::io::stdout().write_all(text.as_bytes());
    exit_code::SUCCESS
}

/// Prints a message to standard error.
pub(super) fn report(message: impl Display) {
    write_message(format_args!("ctmpl: {message}"));
}

fn write_message(message: impl Display) {
    // Ignore an error: standard error may be closed, and the exit code reports the failure as well.
    let _ = writeln!(std::io::stderr(), "{message}");
}

/// Prints a success to standard error, if a user reads it: standard output and standard error are
/// terminals.
pub(super) fn report_success(message: impl Display) {
    let (output, mut error) = (std::io::stdout(), std::io::stderr());
    if output.is_terminal() && error.is_terminal() {
        let _ = writeln!(error, "{message}");
    }
}

/// Escapes hidden characters except line breaks and tabs.
pub(super) fn escaped_lines(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_hidden(letter) && !matches!(letter, '\n' | '\t') {
            lines.extend(letter.escape_default());
        } else {
            lines.push(letter);
        }
    }
    lines
}

/// Formats a count with its noun: `1 command`, `2 commands`, `2 queries`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if count == 1 => format!("1 {noun}"),
        Some(stem) => format!("{count} {stem}ies"),
        None => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_has_its_noun() {
        assert_eq!(counted(1, "query"), "1 query");
        assert_eq!(counted(0, "query"), "0 queries");
        assert_eq!(counted(2, "file"), "2 files");
    }

    #[test]
    fn an_escaped_text_keeps_its_lines() {
        let text = "a\n\tb \u{1b}[31m\r\u{202e}é";
        assert_eq!(escaped_lines(text), "a\n\tb \\u{1b}[31m\\r\\u{202e}é");
    }
}
