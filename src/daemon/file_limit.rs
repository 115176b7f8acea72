//! The limit of open files of the process, and what a configuration needs of it.
//!
//! Input: a configuration. Output: the number of connections for long polls that leaves enough file
//! descriptors for everything else, or a [`FileLimitError`].

use ctmpl_options::config::resolved::Config;
use file_writer::WriteMode;
use nix::sys::resource::{Resource, getrlimit};
use status_server::MAX_CONNECTIONS;

/// The number of open files that every process needs besides its long polls: standard streams,
/// connections for first answers, files being read and written, pipes of a command, the file watch,
/// and a margin.
const BASE: usize = 40;

/// The number of long polls below which queries would wait too long for their turn.
const MIN_POLLS: usize = 24;

/// The number of open files for a child process: its pipes and its control socket.
const CHILD: usize = 4;

/// The number of open files for a log file, during a rotation.
const LOG_FILE: usize = 2;

/// The number of open files of the status server: its connections, its socket and those of its runtime.
const STATUS_SERVER: usize = MAX_CONNECTIONS + 5;

/// The limit of open files is too low.
#[derive(Debug, thiserror::Error)]
#[error(
    "the limit of open files is {limit}, and this configuration needs at least {needed}; raise it with `ulimit -n` or \
     systemd's LimitNOFILE="
)]
pub struct FileLimitError {
    limit: usize,
    needed: usize,
}

/// Checks the limit of this process.
///
/// # Errors
/// [`FileLimitError`] if it is too low for a configuration.
pub fn check(config: &Config) -> Result<(), FileLimitError> {
    let (limit, needed) = (limit(), needed(config));
    if limit < needed {
        return Err(FileLimitError { limit, needed });
    }
    Ok(())
}

/// The maximum number of connections for long polls that leaves enough file descriptors for
/// everything else.
pub(super) fn max_polls(config: &Config) -> usize {
    polls(config, limit())
}

fn polls(config: &Config, limit: usize) -> usize {
    let room = limit.saturating_sub(others(config)) / ends(config);
    room.max(1)
}

/// The minimum limit with which a configuration works. The number of queries is not known in
/// advance; if it is higher than the number of connections, the queries take turns.
fn needed(config: &Config) -> usize {
    others(config) + MIN_POLLS * ends(config)
}

/// The number of open files besides those of long polls.
fn others(config: &Config) -> usize {
    // A file that is written in place is open from its staging until all files are written.
    let in_place = config
        .jobs
        .iter()
        .filter(|job| job.file.write == Some(WriteMode::InPlace))
        .count();
    let log = &config.log;
    BASE + in_place
        + config.exec.as_ref().map_or(0, |_| CHILD)
        + log.file.as_ref().map_or(0, |_| LOG_FILE)
        + usize::from(log.syslog.is_some())
        + config.status_addr.as_ref().map_or(0, |_| STATUS_SERVER)
        + usize::from(config.dev.is_some())
}

/// The number of open files for each long poll: with the embedded server, both ends of its
/// connection are in this process.
fn ends(config: &Config) -> usize {
    if config.dev.is_some() { 2 } else { 1 }
}

/// The limit of open files of this process.
fn limit() -> usize {
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft);
    usize::try_from(soft).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use config_blocks::Environment;
    use ctmpl_options::config::{Arguments, load};

    fn config(text: &str) -> Config {
        let variables = [("CT_LOCAL_CONFIG", text)];
        let environment: Environment = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)))
            .collect();
        load(Arguments::default(), &environment).unwrap()
    }

    #[test]
    fn the_need_grows_with_what_the_configuration_holds_open() {
        let template =
            "template { contents = \"x\" destination = \"DESTINATION\" write = \"inplace\" }\n";
        let in_place: String = (0..100)
            .map(|number| template.replace("DESTINATION", &format!("/o{number}")))
            .collect();
        for (text, expected) in [
            ("template { contents = \"x\" destination = \"/o\" }", 64),
            ("exec { command = \"app\" }", 68),
            (
                "exec { command = \"app\" } log_file { path = \"/l\" } syslog { enabled = true }",
                71,
            ),
            ("exec { command = \"app\" } status_addr = \"unix:@s\"", 89),
            (&in_place, 164),
        ] {
            assert_eq!(needed(&config(text)), expected, "{text}");
        }
    }

    #[test]
    fn what_is_left_is_for_long_polls() {
        let config = config("exec { command = \"app\" }");
        for (limit, expected) in [(1024, 980), (68, 24), (20, 1)] {
            assert_eq!(polls(&config, limit), expected, "{limit}");
        }
    }
}
