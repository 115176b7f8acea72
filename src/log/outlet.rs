//! Where the log goes.
//!
//! in:  a [`LogConfig`], and whether standard error is connected to the journal
//! out: the [`Outlet`]s, opened

use std::io;
use std::path::PathBuf;

use super::LogError;
use super::file::LogFile;
use super::journal::Journal;
use super::layout::Layout;
use super::lines::Lines;
use super::queue::Sink;
use super::record::Record;
use super::syslog::Syslog;
use crate::config::logging::{LogConfig, LogFileConfig, LogFormat, SyslogConfig, Wanted};

/// One place. Two that are equal are the same place, told in the same way.
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
            Self::StandardError(layout) => {
                let line = String::new();
                (
                    Ok(Box::new(StandardError {
                        layout: *layout,
                        lines: Lines::new(io::stderr()),
                        line,
                    })),
                    "",
                )
            }
            Self::File(config, layout) => (
                LogFile::begin(config.clone(), *layout).map(|file| Box::new(file) as _),
                "make its directory, and let this user write there",
            ),
            Self::Syslog(config) => (
                Syslog::open(config.clone()).map(|syslog| Box::new(syslog) as _),
                "start the system's log, name its socket with syslog { address = … }, or leave out --syslog",
            ),
            Self::Journal(address) => (
                Journal::open(address.clone()).map(|journal| Box::new(journal) as _),
                "name its socket with journal { address = … }, or leave out journal { enabled = true }",
            ),
        };
        opened.map_err(|source| LogError {
            outlet: self.shown(),
            remedy,
            source,
        })
    }

    /// As people call it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::StandardError(_) => "standard error".to_owned(),
            Self::File(config, _) => format!("the file {}", config.path.display()),
            Self::Syslog(config) => format!("the system's log at {}", config.address.display()),
            Self::Journal(address) => format!("the journal at {}", address.display()),
        }
    }
}

/// The outlets that are wanted, each as `open` gives it.
pub(super) fn wanted<T>(
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
    // Whoever asks for JSON on a standard error that is the journal gets that: there, it is the text of the entry.
    let journal = match journal.wanted {
        Wanted::Always => Some(open(&own)?),
        // Without it, lines on standard error still have their priority.
        Wanted::WhereConnected if connected && *format == LogFormat::Text => open(&own).ok(),
        Wanted::WhereConnected | Wanted::Never => None,
    };
    let instead = connected && journal.is_some();
    outlets.extend(journal.map(|opened| (own, opened)));
    if !instead {
        outlets.push(keyed(
            Outlet::StandardError(Layout {
                format: *format,
                priorities: connected,
            }),
            &open,
        )?);
    }
    if let Some(file) = file {
        outlets.push(keyed(
            Outlet::File(file.clone(), Layout::of_file(*format)),
            &open,
        )?);
    }
    if let Some(syslog) = syslog {
        outlets.push(keyed(Outlet::Syslog(syslog.clone()), &open)?);
    }
    Ok(outlets)
}

fn keyed<T>(
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
    fn the_journal_is_told_in_place_of_standard_error_where_it_is_connected() {
        let there = |_: &Outlet| Ok(());
        let away = |outlet: &Outlet| match outlet {
            Outlet::Journal(_) => Err(LogError {
                outlet: String::new(),
                remedy: "",
                source: io::ErrorKind::NotFound.into(),
            }),
            _ => Ok(()),
        };
        let names = |config: &LogConfig, connected, is_there: bool| {
            let outlets = if is_there {
                wanted(config, connected, there)
            } else {
                wanted(config, connected, away)
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
        let told = |wanted| LogConfig {
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
            (&told(Wanted::Never), true, true, Some("<e>")),
            (&told(Wanted::Always), true, true, Some("j")),
            (&told(Wanted::Always), false, true, Some("je")),
            (&told(Wanted::Always), false, false, None),
        ] {
            assert_eq!(
                names(config, connected, is_there).as_deref(),
                expected,
                "{config:?} {connected} {is_there}"
            );
        }
    }
}
