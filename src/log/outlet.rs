//! The outlets of a configuration.
//!
//! Input: a [`LogConfig`], and whether stderr is connected to the journal. Output: the [`Outlet`]s, opened.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::error::LogError;
use super::file::LogFile;
use super::journal::Journal;
use super::layout::Layout;
use super::lines::Lines;
use super::queue::Sink;
use super::record::Record;
use super::syslog::Syslog;
use crate::config::logging::{LogConfig, LogFileConfig, LogFormat, SyslogConfig, Wanted};

/// One outlet. Equal outlets write to the same place in the same format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outlet {
    StandardError(Layout),
    File(LogFileConfig, Layout),
    Syslog(SyslogConfig),
    Journal(PathBuf),
}

impl Outlet {
    pub(super) fn open(&self) -> Result<Box<dyn Sink>, LogError> {
        let (opened, remedy): (io::Result<Box<dyn Sink>>, _) = match self {
            Self::StandardError(layout) => (Ok(Box::new(StandardError::new(*layout))), ""),
            Self::File(config, layout) => (
                LogFile::create(config.clone(), *layout).map(|file| Box::new(file) as _),
                "create its directory, and let this user write there",
            ),
            Self::Syslog(config) => (
                Syslog::open(config.clone()).map(|syslog| Box::new(syslog) as _),
                "start syslog, set its socket with syslog { address = … }, or leave out --syslog",
            ),
            Self::Journal(address) => (
                Journal::open(address.clone()).map(|journal| Box::new(journal) as _),
                "set its socket with journal { address = … }, or leave out journal { enabled = true }",
            ),
        };
        opened.map_err(|source| LogError {
            outlet: self.to_string(),
            remedy,
            source,
        })
    }
}

impl fmt::Display for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardError(_) => f.write_str("standard error"),
            Self::File(config, _) => write!(f, "the file {}", config.path.display()),
            Self::Syslog(config) => write!(f, "syslog at {}", config.address.display()),
            Self::Journal(address) => write!(f, "the journal at {}", address.display()),
        }
    }
}

/// The outlets that `config` names, each opened by `open`.
pub(super) fn configured<T>(
    config: &LogConfig,
    connected: bool,
    open: impl Fn(&Outlet) -> Result<T, LogError>,
) -> Result<Vec<(Outlet, T)>, LogError> {
    let LogConfig {
        level: _,
        format,
        file,
        syslog,
        journal,
    } = config;
    let mut outlets = Vec::new();
    let own = Outlet::Journal(journal.address.clone());
    // JSON on a stderr that is the journal stays JSON: it becomes the text of the entry.
    let journal = match journal.wanted {
        Wanted::Always => Some(open(&own)?),
        // If the journal cannot be opened, lines on stderr still have their priority.
        Wanted::WhereConnected if connected && *format == LogFormat::Text => open(&own).ok(),
        Wanted::WhereConnected | Wanted::Never => None,
    };
    let replaces_stderr = connected && journal.is_some();
    outlets.extend(journal.map(|opened| (own, opened)));
    if !replaces_stderr {
        outlets.push(with_outlet(
            Outlet::StandardError(Layout {
                format: *format,
                priorities: connected,
            }),
            &open,
        )?);
    }
    if let Some(file) = file {
        outlets.push(with_outlet(
            Outlet::File(file.clone(), Layout::of_file(*format)),
            &open,
        )?);
    }
    if let Some(syslog) = syslog {
        outlets.push(with_outlet(Outlet::Syslog(syslog.clone()), &open)?);
    }
    Ok(outlets)
}

fn with_outlet<T>(
    outlet: Outlet,
    open: impl Fn(&Outlet) -> Result<T, LogError>,
) -> Result<(Outlet, T), LogError> {
    let opened = open(&outlet)?;
    Ok((outlet, opened))
}

struct StandardError {
    layout: Layout,
    lines: Lines<io::Stderr>,
    line: String,
}

impl StandardError {
    fn new(layout: Layout) -> Self {
        Self {
            layout,
            lines: Lines::new(io::stderr()),
            line: String::new(),
        }
    }
}

impl Sink for StandardError {
    fn write(&mut self, record: &Record) -> io::Result<()> {
        self.line.clear();
        self.layout.push(&mut self.line, record);
        self.lines.write(&self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::logging::JournalConfig;
    use crate::config::resolved::LogLevel;

    #[test]
    fn the_journal_replaces_a_stderr_that_is_connected_to_it() {
        let open = |_: &Outlet| Ok(());
        let open_without_journal = |outlet: &Outlet| match outlet {
            Outlet::Journal(_) => Err(LogError {
                outlet: String::new(),
                remedy: "",
                source: io::ErrorKind::NotFound.into(),
            }),
            _ => Ok(()),
        };
        let names = |config: &LogConfig, connected, is_there: bool| {
            let outlets = if is_there {
                configured(config, connected, open)
            } else {
                configured(config, connected, open_without_journal)
            };
            outlets.ok().map(|outlets| {
                let name = |(outlet, ()): &(Outlet, ())| match outlet {
                    Outlet::StandardError(Layout { priorities, .. }) => {
                        if *priorities {
                            "<e>"
                        } else {
                            "e"
                        }
                    }
                    Outlet::Journal(_) => "j",
                    _ => "?",
                };
                outlets.iter().map(name).collect::<String>()
            })
        };
        let text = LogConfig::of_level(LogLevel::Info);
        let json = LogConfig {
            format: LogFormat::Json,
            ..text.clone()
        };
        let with_journal = |wanted| LogConfig {
            journal: JournalConfig {
                wanted,
                ..text.journal.clone()
            },
            ..text.clone()
        };
        for (config, connected, is_there, expected) in [
            (&text, false, true, Some("e")),
            (&text, true, true, Some("j")),
            (&text, true, false, Some("<e>")),
            (&json, true, true, Some("<e>")),
            (&with_journal(Wanted::Never), true, true, Some("<e>")),
            (&with_journal(Wanted::Always), true, true, Some("j")),
            (&with_journal(Wanted::Always), false, true, Some("je")),
            (&with_journal(Wanted::Always), false, false, None),
        ] {
            assert_eq!(
                names(config, connected, is_there).as_deref(),
                expected,
                "{config:?} {connected} {is_there}"
            );
        }
    }
}
