//! The level filter, and the component of an event.
//!
//! Input: the target of an event, which is a module path. Output: whether it is logged, and the
//! component in its line.

use ctmpl_options::config::logging::LogLevel;
use tracing_subscriber::filter::{LevelFilter, Targets};

/// The crate name of this program, whose components are its modules.
const PROGRAM: &str = "ctmpl";
/// The other targets of this program: the output of commands, and its libraries.
const OTHER_TARGETS: [&str; 6] = [
    "command",
    "consul_dev",
    "consul_watch",
    "file_writer",
    "group_apply",
    "status_server",
];

/// Creates the filter for a level. Events of other libraries are logged at WARN and ERROR only,
/// because lower levels may contain headers.
pub(super) fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let own = OTHER_TARGETS.into_iter().chain([PROGRAM]);
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(own.map(|target| (target, level)))
}

/// The component of a target: `watch` for `consul_watch::watch::driver`.
pub(super) fn component(target: &'static str) -> &'static str {
    let mut parts = target.split("::");
    match (parts.next(), parts.next()) {
        (Some(PROGRAM | "consul_watch"), Some(module)) => module,
        (Some("consul_dev"), _) => "dev",
        (Some("file_watch"), _) => "watch",
        (Some("file_writer" | "group_apply"), _) => "apply",
        (Some("status_server"), _) => "status",
        (Some(library), _) => library,
        (None, _) => target,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use regex::Regex;
    use tracing::Level;

    use super::*;

    #[test]
    fn the_component_is_the_module() {
        assert_eq!(component("ctmpl::source::file"), "source");
        assert_eq!(component("group_apply::write"), "apply");
        assert_eq!(component("consul_watch::watch::driver"), "watch");
        assert_eq!(component("consul_watch::source::consul"), "source");
        assert_eq!(component("ctmpl"), "ctmpl");
        assert_eq!(component("consul_dev::server"), "dev");
        assert_eq!(component("file_watch"), "watch");
        assert_eq!(component("file_writer::leftover"), "apply");
        assert_eq!(component("status_server::server"), "status");
        assert_eq!(component("hyper::client"), "hyper");
    }

    #[test]
    fn libraries_are_logged_from_warn_on() {
        let cases = [
            (LogLevel::Trace, "ctmpl::source", Level::TRACE, true),
            (LogLevel::Trace, "consul_watch::watch", Level::TRACE, true),
            (LogLevel::Trace, "command", Level::TRACE, true),
            (LogLevel::Info, "file_writer::leftover", Level::INFO, true),
            (LogLevel::Info, "group_apply::journal", Level::INFO, true),
            (LogLevel::Trace, "hyper::client", Level::INFO, false),
            (LogLevel::Trace, "hyper::client", Level::WARN, true),
            (LogLevel::Info, "ctmpl", Level::DEBUG, false),
            (LogLevel::Error, "group_apply", Level::WARN, false),
            (LogLevel::Error, "hyper::client", Level::WARN, false),
            (LogLevel::Error, "hyper::client", Level::ERROR, true),
        ];
        for (configured, target, level, expected) in cases {
            assert_eq!(
                filter(configured).would_enable(target, &level),
                expected,
                "{configured:?} {target} {level}"
            );
        }
    }

    /// The Rust files of a folder.
    fn files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, found);
            } else {
                found.push(path);
            }
        }
    }

    #[test]
    fn libraries_of_this_workspace_that_log_below_warn_have_a_target_of_the_filter() {
        let call = Regex::new(
            r#"tracing::(?:trace|debug|info)!\(\s*name: "[^"]*",\s*(target: (?:"[^"]*"|TARGET))?"#,
        )
        .unwrap();
        let mut seen = 0;
        for library in fs::read_dir("crates").unwrap() {
            let library = library.unwrap();
            let target = library.file_name().to_str().unwrap().replace('-', "_");
            let mut found = Vec::new();
            files(&library.path().join("src"), &mut found);
            for file in found {
                let text = fs::read_to_string(&file).unwrap();
                for call in call.captures_iter(text.split("#[cfg(test)]").next().unwrap()) {
                    seen += 1;
                    let has_target = call.get(1).is_some();
                    assert!(
                        has_target || OTHER_TARGETS.contains(&&*target),
                        "{} logs with the target {target}",
                        file.display()
                    );
                }
            }
        }
        assert!(seen > 0, "no library logs");
    }
}
