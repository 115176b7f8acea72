//! What is logged, how, and to whom.
//!
//! in:  `log_level`, `log_format`, and the blocks `log_file`, `syslog` and `journal` as written
//! out: a [`LogConfig`]

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::error::{ConfigError, Said, ValueError};
use super::resolve::{filled, value};
use super::resolved::LogLevel;
use super::written::{JournalBlock, LogFileBlock, LoggingBlock, SyslogBlock};

const LEVEL: LogLevel = LogLevel::Warn;
/// As in consul-template.
pub(super) const ROTATE_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// As in consul-template: whoever sorts by name goes on doing so.
pub(super) const NAME: &str = "consul-template";
pub(super) const SYSLOG: &str = "/dev/log";
pub(super) const JOURNAL: &str = "/run/systemd/journal/socket";

/// Everything there is to know about the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// What is logged.
    pub level: LogLevel,
    /// How it looks on standard error and in the file.
    pub format: LogFormat,
    /// The file, beside standard error; `None`: none.
    pub file: Option<LogFileConfig>,
    /// The system's log, beside standard error; `None`: not told.
    pub syslog: Option<SyslogConfig>,
    /// systemd's journal.
    pub journal: JournalConfig,
}

impl LogConfig {
    /// Standard error alone, and the journal instead where systemd has connected it.
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

/// How an event looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// The line that consul-template's users know.
    Text,
    /// One object a line.
    Json,
}

/// A log file, and when it makes room for the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFileConfig {
    /// Directory and name; the time goes between the name and its extension.
    pub path: PathBuf,
    /// How large a file may be before the next is begun; `None`: as large as it gets.
    pub rotate_bytes: Option<u64>,
    /// How old; `None`: as old as it gets.
    pub rotate_after: Option<Duration>,
    /// Which old files stay.
    pub keep: Keep,
}

/// Which old log files stay when a new one is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All.
    All,
    /// The newest, as many as this.
    Newest(usize),
}

/// How the system's log is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyslogConfig {
    /// Which kind of program this counts as.
    pub facility: Facility,
    /// The name it goes by.
    pub name: String,
    /// The socket.
    pub address: PathBuf,
}

/// How the journal is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// When.
    pub wanted: Wanted,
    /// The socket.
    pub address: PathBuf,
}

/// Whether something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// In place of standard error where that is connected to it.
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
    /// What is used where nothing is said.
    pub const LOCAL0: Self = Self(16);

    /// The number that stands for it.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

/// A text that names no facility.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no facility of syslog; there are DAEMON, USER, LOCAL0 to LOCAL7, AUTH, AUTHPRIV, CRON, FTP, KERN, \
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

/// A text that names no format of the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no format of the log; write text or json")]
pub struct LogFormatError(String);

impl FromStr for LogFormat {
    type Err = LogFormatError;

    fn from_str(text: &str) -> Result<Self, LogFormatError> {
        match text.to_ascii_lowercase().as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(LogFormatError(text.to_owned())),
        }
    }
}

pub(super) fn resolve(block: LoggingBlock) -> Result<LogConfig, ConfigError> {
    let LoggingBlock {
        level,
        format,
        file,
        syslog,
        journal,
    } = block;
    Ok(LogConfig {
        level: level.map_or(Ok(LEVEL), |said| parse(&said))?,
        format: format.map_or(Ok(LogFormat::Text), |said| parse(&said))?,
        file: log_file(file)?,
        syslog: system_log(syslog)?,
        journal: {
            let JournalBlock { enabled, address } = journal;
            let wanted = match value(enabled) {
                None => Wanted::WhereConnected,
                Some(true) => Wanted::Always,
                Some(false) => Wanted::Never,
            };
            JournalConfig {
                wanted,
                address: socket(address, JOURNAL),
            }
        },
    })
}

fn log_file(block: LogFileBlock) -> Result<Option<LogFileConfig>, ConfigError> {
    let LogFileBlock {
        path,
        rotate_bytes,
        rotate_duration,
        max_files,
    } = block;
    let Some(path) = value(path).filter(|path| !path.as_os_str().is_empty()) else {
        return Ok(None);
    };
    let rotate_bytes = rotate_bytes.map_or(Ok(0), |Said { value, place }| {
        u64::try_from(value).map_err(|_| ConfigError::Value {
            place,
            source: ValueError::Range(value),
        })
    })?;
    let rotate_after = value(rotate_duration).map_or(ROTATE_AFTER, |duration| duration.0);
    Ok(Some(LogFileConfig {
        path,
        rotate_bytes: Some(rotate_bytes).filter(|bytes| *bytes > 0),
        rotate_after: Some(rotate_after).filter(|after| !after.is_zero()),
        keep: match value(max_files).unwrap_or(0) {
            0 => Keep::All,
            // Less than none: none at all.
            count => Keep::Newest(usize::try_from(count).unwrap_or(0)),
        },
    }))
}

/// Who says how the system's log is told wants it told.
fn system_log(block: SyslogBlock) -> Result<Option<SyslogConfig>, ConfigError> {
    let SyslogBlock {
        enabled,
        facility,
        name,
        address,
    } = block;
    // What is empty is not said, as in consul-template.
    let said = |text: &Said<String>| !text.value.is_empty();
    let (facility, name) = (facility.filter(said), name.filter(said));
    let meant = facility.is_some() || name.is_some() || address.is_some();
    let facility = facility.map_or(Ok(Facility::LOCAL0), |said| parse(&said))?;
    let name = filled(value(name)).unwrap_or_else(|| NAME.to_owned());
    Ok(value(enabled).unwrap_or(meant).then(|| SyslogConfig {
        facility,
        name,
        address: socket(address, SYSLOG),
    }))
}

fn socket(said: Option<Said<PathBuf>>, default: &str) -> PathBuf {
    value(said)
        .filter(|path| !path.as_os_str().is_empty())
        .unwrap_or_else(|| PathBuf::from(default))
}

fn parse<T>(said: &Said<String>) -> Result<T, ConfigError>
where
    T: FromStr,
    ValueError: From<T::Err>,
{
    said.value.parse().map_err(|error| ConfigError::Value {
        place: said.place.clone(),
        source: ValueError::from(error),
    })
}
