//! What is said about the log: two keys and three blocks.

use std::path::PathBuf;

use crate::config::duration::GoDuration;
use crate::config::error::{ConfigError, Said};
use crate::config::file::{At, Fields, FromNode, Node};

/// `log_level`, `log_format`, and the blocks below.
#[derive(Clone, Debug, Default)]
pub struct LoggingBlock {
    /// What is logged.
    pub level: Option<Said<String>>,
    /// How it looks.
    pub format: Option<Said<String>>,
    /// The log file.
    pub file: LogFileBlock,
    /// The system's log.
    pub syslog: SyslogBlock,
    /// systemd's journal.
    pub journal: JournalBlock,
}

/// `log_file { … }`
#[derive(Clone, Debug, Default)]
pub struct LogFileBlock {
    /// Directory and name.
    pub path: Option<Said<PathBuf>>,
    /// How large a file may be.
    pub rotate_bytes: Option<Said<i64>>,
    /// How old a file may be.
    pub rotate_duration: Option<Said<GoDuration>>,
    /// How many old files stay.
    pub max_files: Option<Said<i64>>,
}

/// `syslog { … }`
#[derive(Clone, Debug, Default)]
pub struct SyslogBlock {
    /// Whether it is told.
    pub enabled: Option<Said<bool>>,
    /// Which kind of program this is.
    pub facility: Option<Said<String>>,
    /// The name it goes by.
    pub name: Option<Said<String>>,
    /// The socket.
    pub address: Option<Said<PathBuf>>,
}

/// `journal { … }`
#[derive(Clone, Debug, Default)]
pub struct JournalBlock {
    /// Whether it is told.
    pub enabled: Option<Said<bool>>,
    /// The socket.
    pub address: Option<Said<PathBuf>>,
}

impl LoggingBlock {
    /// The keys of the log, which stand among all the others.
    pub(super) fn from_fields(fields: &mut Fields<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            level: fields.key("log_level")?,
            format: fields.key("log_format")?,
            file: fields.block("log_file")?,
            syslog: fields.block("syslog")?,
            journal: fields.block("journal")?,
        })
    }

    pub(super) fn over(self, lower: Self) -> Self {
        let Self {
            level,
            format,
            file,
            syslog,
            journal,
        } = self;
        Self {
            level: level.or(lower.level),
            format: format.or(lower.format),
            file: file.over(lower.file),
            syslog: syslog.over(lower.syslog),
            journal: journal.over(lower.journal),
        }
    }
}

impl FromNode for LogFileBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let block = Self {
            path: fields.key("path")?,
            rotate_bytes: fields.key("log_rotate_bytes")?,
            rotate_duration: fields.key("log_rotate_duration")?,
            max_files: fields.key("log_rotate_max_files")?,
        };
        fields.done()?;
        Ok(block)
    }
}

impl LogFileBlock {
    fn over(self, lower: Self) -> Self {
        let Self {
            path,
            rotate_bytes,
            rotate_duration,
            max_files,
        } = self;
        Self {
            path: path.or(lower.path),
            rotate_bytes: rotate_bytes.or(lower.rotate_bytes),
            rotate_duration: rotate_duration.or(lower.rotate_duration),
            max_files: max_files.or(lower.max_files),
        }
    }
}

impl FromNode for SyslogBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let block = Self {
            enabled: fields.key("enabled")?,
            facility: fields.key("facility")?,
            name: fields.key("name")?,
            address: fields.key("address")?,
        };
        fields.done()?;
        Ok(block)
    }
}

impl SyslogBlock {
    fn over(self, lower: Self) -> Self {
        let Self {
            enabled,
            facility,
            name,
            address,
        } = self;
        Self {
            enabled: enabled.or(lower.enabled),
            facility: facility.or(lower.facility),
            name: name.or(lower.name),
            address: address.or(lower.address),
        }
    }
}

impl FromNode for JournalBlock {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let block = Self {
            enabled: fields.key("enabled")?,
            address: fields.key("address")?,
        };
        fields.done()?;
        Ok(block)
    }
}

impl JournalBlock {
    fn over(self, lower: Self) -> Self {
        let Self { enabled, address } = self;
        Self {
            enabled: enabled.or(lower.enabled),
            address: address.or(lower.address),
        }
    }
}
