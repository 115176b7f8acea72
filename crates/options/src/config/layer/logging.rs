//! Log file, syslog and journal, as written.

use std::path::PathBuf;
use std::time::Duration;

use config_blocks::{Block, Setting};

use crate::config::byte_size::ByteSize;

/// `log_file { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(heading = "Log")]
pub(crate) struct LogFileBlock {
    /// Path of the log file; the time is inserted before the extension
    #[key(flag = "--log-file", empty_unsets)]
    #[key(help = "Also log to this file; the time is inserted before the extension")]
    pub(crate) path: Setting<PathBuf>,
    /// Start a new log file at this size: bytes, or a size such as `10MB`; `0`: never
    #[key(default = "0", flag = "--log-rotate-bytes", value_name = "SIZE")]
    pub(crate) log_rotate_bytes: Setting<ByteSize>,
    /// Start a new log file at this age; `0`: never
    #[key(default = "\"24h\"", flag = "--log-rotate-duration")]
    pub(crate) log_rotate_duration: Setting<Duration>,
    /// Number of old log files to keep; `0`: all, `-1`: none
    #[key(default = "0", flag = "--log-rotate-max-files")]
    pub(crate) log_rotate_max_files: Setting<i64>,
}

/// `syslog { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(heading = "Log")]
pub(crate) struct SyslogBlock {
    /// Log to syslog
    #[key(
        default = "`true` with any key of the block",
        shows = "true",
        flag = "--syslog"
    )]
    #[key(
        help = "Also log to syslog",
        help_default = "true with either flag below"
    )]
    pub(crate) enabled: Setting<bool>,
    /// Syslog facility
    #[key(
        default = "`\"LOCAL0\"`",
        shows = "\"LOCAL0\"",
        flag = "--syslog-facility"
    )]
    #[key(value_name = "FACILITY")]
    pub(crate) facility: Setting<String>,
    /// Program name in syslog
    #[key(
        default = "`\"consul-template\"`",
        shows = "\"consul-template\"",
        flag = "--syslog-name"
    )]
    #[key(value_name = "NAME")]
    pub(crate) name: Setting<String>,
    /// Path of the syslog socket
    #[key(default = "`\"/dev/log\"`", shows = "\"/dev/log\"")]
    pub(crate) address: Setting<PathBuf>,
}

/// `journal { … }`
#[derive(Block, Clone, Debug, Default)]
pub(crate) struct JournalBlock {
    /// Log to the systemd journal
    #[key(default = "where standard error is connected to it")]
    pub(crate) enabled: Setting<bool>,
    /// Path of the journal's socket
    #[key(default = "\"/run/systemd/journal/socket\"")]
    pub(crate) address: Setting<PathBuf>,
}
