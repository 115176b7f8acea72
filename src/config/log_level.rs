//! Names of log levels.
//!
//! in:  `trace`, `DEBUG`, `info`, `warn`, `warning`, `err`, `error`
//! out: a [`LogLevel`]

use std::str::FromStr;

use super::resolved::LogLevel;

/// A text that names no log level; worded like consul-template's.
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
