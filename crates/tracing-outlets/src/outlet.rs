//! A destination of log lines.

use std::fmt;
use std::io;

use crate::file::LogFile;
use crate::journal::Journal;
use crate::layout::Layout;
use crate::options::{FileOptions, Format, JournalOptions, SyslogOptions, Terminal};
use crate::queue::Sink;
use crate::stderr::StandardError;
use crate::syslog::Syslog;

/// An outlet. Equal outlets have the same destination and format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outlet {
    /// Standard error.
    StandardError {
        /// The format of a line.
        format: Format,
        /// Whether each line starts with its priority, as `sd-daemon(3)` describes. Use this if
        /// standard error is connected to the journal.
        priorities: bool,
        /// The escape sequences, if standard error is a terminal.
        terminal: Terminal,
    },
    /// A file with rotation.
    File {
        /// The file.
        options: FileOptions,
        /// The format of a line.
        format: Format,
    },
    /// The local syslog daemon.
    Syslog(SyslogOptions),
    /// systemd's journal, with a journal field for each field of an event.
    Journal(JournalOptions),
}

impl Outlet {
    /// Opens the outlet.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Sink>> {
        Ok(match self.clone() {
            Self::StandardError {
                format,
                priorities,
                terminal,
            } => Box::new(StandardError::new(Layout {
                format,
                priorities,
                terminal,
            })),
            Self::File { options, format } => {
                Box::new(LogFile::create(options, Layout::of_file(format))?)
            }
            Self::Syslog(options) => Box::new(Syslog::open(options)?),
            Self::Journal(options) => Box::new(Journal::open(options)?),
        })
    }
}

impl fmt::Display for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardError { .. } => f.write_str("standard error"),
            Self::File { options, .. } => write!(f, "the file {}", options.path.display()),
            Self::Syslog(options) => write!(f, "syslog at {}", options.address.display()),
            Self::Journal(options) => write!(f, "the journal at {}", options.address.display()),
        }
    }
}
