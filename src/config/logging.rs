//! The log, resolved: its level, its format, and its outlets.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

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
    /// The log file, in addition to standard error.
    pub file: Option<LogFileConfig>,
    /// Syslog, in addition to standard error.
    pub syslog: Option<SyslogConfig>,
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
            file: None,
            syslog: None,
            journal,
        }
    }
}

/// The format of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// The line of consul-template.
    Text,
    /// One JSON object a line.
    Json,
}

/// The log file, and its rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFileConfig {
    /// Its path; the time is inserted before the extension.
    pub path: PathBuf,
    /// The size at which the next file is started; `None`: no limit.
    pub rotate_bytes: Option<u64>,
    /// The age at which the next file is started; `None`: no limit.
    pub rotate_after: Option<Duration>,
    /// The old files to keep.
    pub keep: Keep,
}

/// The old log files to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All.
    All,
    /// The newest, this many.
    Newest(usize),
}

/// The connection to syslog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyslogConfig {
    /// The facility.
    pub facility: Facility,
    /// The program name.
    pub name: String,
    /// The path of the socket.
    pub address: PathBuf,
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

/// A facility of syslog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facility(u8);

/// The facilities and their numbers.
const FACILITIES: [(&str, u8); 20] = [
    ("KERN", 0),
    ("USER", 1),
    ("MAIL", 2),
    ("DAEMON", 3),
    ("AUTH", 4),
    ("SYSLOG", 5),
    ("LPR", 6),
    ("NEWS", 7),
    ("UUCP", 8),
    ("CRON", 9),
    ("AUTHPRIV", 10),
    ("FTP", 11),
    ("LOCAL0", 16),
    ("LOCAL1", 17),
    ("LOCAL2", 18),
    ("LOCAL3", 19),
    ("LOCAL4", 20),
    ("LOCAL5", 21),
    ("LOCAL6", 22),
    ("LOCAL7", 23),
];

impl Facility {
    /// The default.
    pub const LOCAL0: Self = Self(16);

    /// Its number.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

/// A text that is not a facility.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a syslog facility; there are DAEMON, USER, LOCAL0 to LOCAL7, AUTH, AUTHPRIV, CRON, FTP, KERN, \
         LPR, MAIL, NEWS, SYSLOG and UUCP"
)]
pub struct FacilityError(String);

impl FromStr for Facility {
    type Err = FacilityError;

    fn from_str(text: &str) -> Result<Self, FacilityError> {
        let known = FACILITIES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text));
        known
            .map(|(_, number)| Self(*number))
            .ok_or_else(|| FacilityError(text.to_owned()))
    }
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
    fn a_bad_level_is_answered_as_consul_template_does() {
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
