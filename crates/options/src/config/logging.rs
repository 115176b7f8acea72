//! The log, resolved: its level, its format, and its outlets.

use std::path::PathBuf;
use std::str::FromStr;

use config_blocks::Choice;
use tracing_outlets::{FileOptions, SyslogOptions};

/// The path of the journal's socket.
pub(super) const JOURNAL: &str = "/run/systemd/journal/socket";

/// The log level: events of this level and of the more severe ones are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Failures that need the operator.
    Error,
    /// What the operator should know.
    Warn,
    /// What happened.
    Info,
    /// Why it happened.
    Debug,
    /// Every step.
    Trace,
}

/// A text that is not a log level; worded like consul-template's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid log level {written:?}, valid log levels are TRACE, DEBUG, INFO, WARN, ERR")]
pub struct LogLevelError {
    written: String,
}

impl FromStr for LogLevel {
    type Err = LogLevelError;

    fn from_str(text: &str) -> Result<Self, LogLevelError> {
        match text.to_ascii_lowercase().as_str() {
            "trace" => Ok(Self::Trace),
            "debug" => Ok(Self::Debug),
            "info" => Ok(Self::Info),
            "warn" | "warning" => Ok(Self::Warn),
            "err" | "error" => Ok(Self::Error),
            _ => Err(LogLevelError {
                written: text.to_owned(),
            }),
        }
    }
}

/// The log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// The level.
    pub level: LogLevel,
    /// The format on standard error and in the file.
    pub format: LogFormat,
    /// When lines on standard error have colors.
    pub color: Color,
    /// The log file, in addition to standard error.
    pub file: Option<FileOptions>,
    /// Syslog, in addition to standard error.
    pub syslog: Option<SyslogOptions>,
    /// systemd's journal.
    pub journal: JournalConfig,
}

impl LogConfig {
    /// Standard error alone, or the journal if systemd has connected it.
    pub fn of_level(level: LogLevel) -> Self {
        let journal = JournalConfig {
            wanted: Wanted::WhereConnected,
            address: PathBuf::from(JOURNAL),
        };
        Self {
            level,
            format: LogFormat::Text,
            color: Color::Auto,
            file: None,
            syslog: None,
            journal,
        }
    }
}

/// The format of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum LogFormat {
    /// The line of consul-template.
    Text,
    /// One JSON object a line.
    Json,
}

/// When text for a user on standard error has colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Color {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The connection to the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// When events are sent.
    pub wanted: Wanted,
    /// The path of the socket.
    pub address: PathBuf,
}

/// When events are sent to the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// If standard error is connected to it, and instead of standard error.
    WhereConnected,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_in_any_case() {
        let cases = [
            ("trace", LogLevel::Trace),
            ("Debug", LogLevel::Debug),
            ("INFO", LogLevel::Info),
            ("warn", LogLevel::Warn),
            ("WARNING", LogLevel::Warn),
            ("err", LogLevel::Error),
            ("error", LogLevel::Error),
        ];
        assert!(!cases.is_empty());
        for (text, level) in cases {
            assert_eq!(text.parse(), Ok(level), "{text}");
        }
    }

    #[test]
    fn an_invalid_level_is_reported_like_consul_template_does() {
        let error = "BOGUS"
            .parse::<LogLevel>()
            .expect_err("no level")
            .to_string();
        assert_eq!(
            error,
            r#"invalid log level "BOGUS", valid log levels are TRACE, DEBUG, INFO, WARN, ERR"#
        );
    }
}
