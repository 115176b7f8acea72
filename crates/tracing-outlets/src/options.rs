//! The options of the outlets.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The format of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text lines: `2026-11-22T15:33:01.232Z [INFO] (watch) text`.
    Text,
    /// One JSON object per line: `timestamp`, `level`, `component`, `event`, `message`, and the fields of the event.
    Json,
}

/// The escape sequences of lines on a terminal. The default is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Whether the level of a text line has a color.
    pub colors: bool,
    /// Whether each line first erases its row, where the program may show its progress.
    pub erases: bool,
}

/// A log file with its rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOptions {
    /// The path. The time in nanoseconds is inserted before the extension, which is `log` by
    /// default.
    pub path: PathBuf,
    /// The size at which a new file is started; `None` for no limit.
    pub rotate_bytes: Option<u64>,
    /// The age at which a new file is started; `None` for no limit.
    pub rotate_after: Option<Duration>,
    /// The old files to keep.
    pub keep: Keep,
}

impl FileOptions {
    /// Creates a log file that is never rotated.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            rotate_bytes: None,
            rotate_after: None,
            keep: Keep::All,
        }
    }
}

/// The old log files to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All files.
    All,
    /// The given number of newest files.
    Newest(usize),
}

/// The connection to syslog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyslogOptions {
    /// The facility.
    pub facility: Facility,
    /// The program name.
    pub name: String,
    /// The path of the socket, usually `/dev/log`.
    pub address: PathBuf,
}

/// The connection to systemd's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalOptions {
    /// The program name, `SYSLOG_IDENTIFIER`. In capitals, it is the prefix of field names:
    /// `APP_COMPONENT`, `APP_EVENT`, `APP_PATH`.
    pub name: String,
    /// The path of the socket, usually `/run/systemd/journal/socket`.
    pub address: PathBuf,
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
    /// The first facility for local use.
    pub const LOCAL0: Self = Self(16);

    /// Returns the number of the facility.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

/// The error for text that is not a facility.
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
