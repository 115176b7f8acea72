//! The state directory: opens the ledger, and finds what earlier processes owe.
//!
//! Input: the configuration. Output: the [`Journal`], and the files whose command is owed.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use apply_ledger::{IntentId, OpenError, OwedGroup};
use file_writer::Previous;

use crate::apply::journal::Journal;
use crate::apply::last_good::are_last_good;
use crate::apply::targets::Targets;
use crate::config::exec::ExecConfig;
use crate::config::resolved::{Config, Mode, OnFailure, StateDir};
use crate::config::values::StartWith;
use crate::error_chain::chain;

/// The time limit for the repair of interrupted swaps.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(5);

/// A file whose command is owed since an earlier process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwedFile {
    /// The destination, as configured.
    pub(super) destination: PathBuf,
    /// The intent to finish after the command.
    pub(super) intent: IntentId,
    /// The file before, if its group can be rolled back.
    pub(super) previous: Option<Previous>,
}

/// Opens the ledger. Without a usable state directory, this is logged, and nothing is recorded.
///
/// # Errors
/// [`OpenError`] if another process uses a directory that is configured, or a later version has
/// written it.
pub(super) fn open(config: &Config) -> Result<Option<Journal>, OpenError> {
    let Some(StateDir { path, is_required }) = &config.state_dir else {
        return Ok(None);
    };
    match Journal::open(path, config.history) {
        Ok(journal) => Ok(Some(journal)),
        Err(error @ (OpenError::InUse { .. } | OpenError::Newer { .. })) if *is_required => {
            Err(error)
        }
        Err(error) => {
            let (directory, error) = (path.display(), chain(&error));
            tracing::warn!(
                name: "ledger.unavailable", %directory, error,
                "{error}: nothing is recorded, so after a crash an owed command may be forgotten; \
                 choose another directory with --state-dir, or none with --state-dir="
            );
            Ok(None)
        }
    }
}

/// Completes interrupted swaps, and returns the files whose command is owed. If the file system of an
/// interrupted swap hangs, this is logged, and nothing is recorded, so that other files do not wait.
pub(super) fn recover(
    journal: Option<Journal>,
    config: &Config,
) -> (Option<Journal>, Vec<OwedFile>) {
    let Some(journal) = journal else {
        return (None, Vec::new());
    };
    let (recovered, result) = mpsc::channel();
    let own = journal.clone();
    let repair = move || drop(recovered.send(own.recover()));
    let thread = thread::Builder::new().name("recovery".to_owned());
    let owed = match thread.spawn(repair) {
        Ok(_) => result.recv_timeout(RECOVERY_TIMEOUT).ok(),
        Err(_) => Some(journal.recover()),
    };
    if let Some(owed) = owed {
        let files = owed_files(&journal, owed, config);
        return (Some(journal), files);
    }
    let directory = config.state_dir.as_ref();
    let directory = directory.map_or(Path::new(""), |own| &own.path).display();
    let error = "the files of an interrupted swap were not read in time";
    tracing::warn!(
        name: "ledger.unavailable", %directory, error,
        "{directory}: {error}; does their file system hang? Nothing is recorded until the next start, which \
         repairs them and runs what is owed"
    );
    (None, Vec::new())
}

/// Returns `true` if the child process may start with the files of an earlier process: this is configured, and they have
/// the content that it has written. A file system that hangs delays the start by at most [`RECOVERY_TIMEOUT`].
pub(super) fn has_last_good(journal: Option<&Journal>, config: &Config) -> bool {
    let is_wanted = |exec: &ExecConfig| exec.start_with == StartWith::LastGood;
    let (Some(journal), Mode::Daemon) = (journal, config.mode) else {
        return false;
    };
    if !config.exec.as_ref().is_some_and(is_wanted) {
        return false;
    }
    let (compared, result) = mpsc::channel();
    let (journal, destinations) = (journal.clone(), config.destinations());
    let compare = move || {
        let _ = compared.send(are_last_good(&journal, destinations));
    };
    let thread = thread::Builder::new().name("last good".to_owned());
    // Without a thread or an answer, the child waits for current files.
    thread.spawn(compare).is_ok() && result.recv_timeout(RECOVERY_TIMEOUT).unwrap_or(false)
}

/// Returns the files of groups that owe their command.
fn owed_files(journal: &Journal, owed: Vec<OwedGroup>, config: &Config) -> Vec<OwedFile> {
    if owed.is_empty() {
        return Vec::new();
    }
    let targets = Targets::of(config.destinations());
    let mut files = Vec::new();
    for group in owed {
        let own = group.destinations.iter();
        let own: Vec<_> = own.filter_map(|path| targets.configured(path)).collect();
        let replaced = |path: &Path| {
            let known = group.replaced.iter();
            let mut known =
                known.filter(|it| targets.configured(&it.destination).as_deref() == Some(path));
            journal.previous(path, known.next()?)
        };
        let name = &group.group;
        if own.is_empty() {
            tracing::warn!(
                name: "ledger.not_owed", group = name,
                "{name}: its command is owed, but no template writes its files any more"
            );
            for path in &group.destinations {
                journal.forget(path);
            }
            continue;
        }
        tracing::info!(
            name: "ledger.owed", group = name,
            "{name}: its command is owed since an earlier process, and runs now"
        );
        let intent = group.intent;
        files.extend(own.into_iter().map(|destination| {
            OwedFile {
                previous: Some(&destination)
                    .filter(|path| rolls_back(config, path))
                    .and_then(|path| replaced(path)),
                destination,
                intent,
            }
        }));
    }
    files
}

/// Returns `true` if the group of this destination is rolled back after a failure.
fn rolls_back(config: &Config, destination: &Path) -> bool {
    let mut jobs = config.jobs.iter();
    let job = jobs.find(|job| job.destination.as_deref() == Some(destination));
    job.is_some_and(|job| job.applied_with().on_failure == OnFailure::Rollback)
}
