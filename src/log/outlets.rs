//! The outlets of a configuration.
//!
//! Input: a [`LogConfig`], and whether standard error is connected to the journal. Output: the
//! [`Outlet`]s, or a [`LogError`] with a remedy if one cannot be opened.

use std::io;
use std::path::{Path, PathBuf};

use ctmpl_options::config::logging::{LogConfig, LogFormat, Wanted};
use tracing_outlets::{FileOptions, Format, JournalOptions, OpenError, Outlet, Terminal};

use super::color;

/// The name of this program in the journal.
const NAME: &str = "ctmpl";
/// The name of the log file if the path is a directory, as in consul-template.
const FILE_NAME: &str = "consul-template";

/// An outlet that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot log to {outlet}; {remedy}")]
pub struct LogError {
    outlet: Outlet,
    remedy: &'static str,
    source: io::Error,
}

impl From<OpenError> for LogError {
    fn from(error: OpenError) -> Self {
        let OpenError { outlet, source } = error;
        Self {
            remedy: remedy(&outlet),
            outlet,
            source,
        }
    }
}

fn remedy(outlet: &Outlet) -> &'static str {
    match outlet {
        Outlet::StandardError { .. } => "redirect it to a file or a terminal",
        Outlet::File { .. } => "create its directory, and let this user write there",
        Outlet::Syslog(_) => {
            "start syslog, set its socket with syslog { address = … }, or leave out --syslog"
        }
        Outlet::Journal(_) => {
            "set its socket with journal { address = … }, or leave out journal { enabled = true }"
        }
    }
}

/// Opens the outlets of `config` by calling `open`, which opens all or none. `connected`: standard
/// error is connected to the journal.
pub(super) fn open_configured<T>(
    config: &LogConfig,
    connected: bool,
    open: impl Fn(&[Outlet]) -> Result<T, OpenError>,
) -> Result<T, LogError> {
    // On a stderr that is the journal, JSON stays JSON: it becomes the message of the entry.
    let is_text = config.format == LogFormat::Text;
    let opened = match config.journal.wanted {
        Wanted::Always => open(&outlets(config, connected, true)),
        Wanted::WhereConnected if connected && is_text => {
            match open(&outlets(config, connected, true)) {
                // Lines on stderr still have their priority.
                Err(error) if matches!(error.outlet, Outlet::Journal(_)) => {
                    open(&outlets(config, connected, false))
                }
                result => result,
            }
        }
        Wanted::WhereConnected | Wanted::Never => open(&outlets(config, connected, false)),
    };
    Ok(opened?)
}

/// The outlets in the order of opening. The journal is first: if it cannot be opened, no file is created.
fn outlets(config: &LogConfig, connected: bool, with_journal: bool) -> Vec<Outlet> {
    let format = match config.format {
        LogFormat::Text => Format::Text,
        LogFormat::Json => Format::Json,
    };
    let journal = Outlet::Journal(JournalOptions {
        name: NAME.to_owned(),
        address: config.journal.address.clone(),
    });
    let stderr = Outlet::StandardError {
        format,
        priorities: connected,
        terminal: Terminal {
            colors: format == Format::Text && color::is_used(config.color),
            erases: color::is_terminal(),
        },
    };
    let file = config.file.as_ref().map(|file| Outlet::File {
        options: FileOptions {
            path: file_path(&file.path),
            ..file.clone()
        },
        format,
    });
    let syslog = config.syslog.clone().map(Outlet::Syslog);
    let is_stderr_replaced = connected && with_journal;
    with_journal
        .then_some(journal)
        .into_iter()
        .chain((!is_stderr_replaced).then_some(stderr))
        .chain(file)
        .chain(syslog)
        .collect()
}

/// The path of the log file. A path that ends with `/` is its directory.
fn file_path(path: &Path) -> PathBuf {
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        path.join(FILE_NAME)
    } else {
        path.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use ctmpl_options::config::logging::{JournalConfig, LogLevel};

    /// The opened outlets, as letters; `None` if opening fails.
    fn opened(config: &LogConfig, connected: bool, has_journal: bool) -> Option<String> {
        let opened = RefCell::new(String::new());
        let letter = |outlet: &Outlet| match outlet {
            Outlet::StandardError { priorities, .. } if *priorities => "<e>",
            Outlet::StandardError { .. } => "e",
            Outlet::Journal(_) => "j",
            Outlet::File { .. } | Outlet::Syslog(_) => "?",
        };
        let open = |outlets: &[Outlet]| {
            let broken = |outlet: &&Outlet| matches!(outlet, Outlet::Journal(_)) && !has_journal;
            if let Some(outlet) = outlets.iter().find(broken) {
                return Err(OpenError {
                    outlet: outlet.clone(),
                    source: io::ErrorKind::NotFound.into(),
                });
            }
            *opened.borrow_mut() = outlets.iter().map(letter).collect();
            Ok(())
        };
        open_configured(config, connected, open).ok()?;
        Some(opened.into_inner())
    }

    #[test]
    fn the_journal_replaces_a_stderr_that_is_connected_to_it() {
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
        for (config, connected, has_journal, expected) in [
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
                opened(config, connected, has_journal).as_deref(),
                expected,
                "{config:?} {connected} {has_journal}"
            );
        }
    }

    #[test]
    fn a_directory_gets_the_file_of_consul_template() {
        for (path, expected) in [
            ("/var/log/", "/var/log/consul-template"),
            ("/var/log/ct.txt", "/var/log/ct.txt"),
            ("ct", "ct"),
        ] {
            assert_eq!(file_path(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
