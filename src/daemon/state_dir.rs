//! The state directory: opens the ledger, and finds what earlier processes owe.
//!
//! Input: the configuration. Output: the [`Journal`], and the files whose command is owed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use answer_guard::AnswerSizes;
use apply_ledger::{Ending, Hash, IntentId, OpenError, OwedGroup};
use consul_watch::watch::{ConnectionFile, KeptConnections, Recorder};
use ctmpl_options::config::exec::ExecConfig;
use ctmpl_options::config::resolved::{Config, EarlierAnswers, Job, Mode, PROGRAM, StateDir};
use ctmpl_options::config::values::StartWith;
use error_line::chain;
use file_writer::Previous;
use group_apply::journal::Journal;
use group_apply::last_good::{self, Difference, Differing};
use group_apply::options::{GroupConfig, OnFailure};
use group_apply::replaced;
use group_apply::requests::{Requested, holds_of_earlier_process};
use group_apply::targets::Targets;

use super::hanging::not_in_time;
use super::kept_answers::KeptAnswers;
use super::sizes_file::SizesFile;

/// The time limit for opening the ledger, which may wait up to 5 s for another process.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
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
    /// `true` if it was to be restored, and this has not succeeded.
    pub(super) is_unrestored: bool,
}

/// A file of a group that an earlier process has rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RolledBack {
    /// The destination, as configured.
    pub(super) destination: PathBuf,
    /// The content that has failed, or the content of a file that was not changed with it.
    pub(super) content: Hash,
    /// The fingerprint of the additional files of its template; `None`: there are none.
    pub(super) outputs: Option<String>,
    /// `true` if this content has failed.
    pub(super) has_failed: bool,
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
    let (directory, contents) = (path.clone(), config.history);
    let opened = within(OPEN_TIMEOUT, move || {
        Journal::open(PROGRAM, &directory, contents)
    });
    let Some(opened) = opened else {
        warn_of_hanging(path, "the ledger was not opened in time");
        return Ok(None);
    };
    match opened {
        Ok(journal) => Ok(Some(journal)),
        Err(error @ (OpenError::InUse { .. } | OpenError::Newer { .. })) if *is_required => {
            Err(error)
        }
        Err(error) => {
            let (directory, error) = (path.display(), chain(&error));
            tracing::warn!(
                name: "ledger.unavailable", %directory, error,
                "{error}: nothing is recorded, so after a crash an owed command may be forgotten; the first answers of \
                 Consul are not compared with earlier ones, and warm_start has no answers; choose another directory with \
                 --state-dir, or none with --state-dir="
            );
            Ok(None)
        }
    }
}

/// The remedy for a directory that ends the start; empty if there is none.
pub(super) fn remedy(error: &OpenError) -> String {
    match error {
        OpenError::InUse { pid: Some(pid), .. } => {
            format!("; set another state_dir, or end process {pid}")
        }
        OpenError::InUse { pid: None, .. } => {
            "; set another state_dir, or end that process".to_owned()
        }
        OpenError::Newer { .. } => "; run that version, or set another state_dir".to_owned(),
        _ => String::new(),
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
    let own = journal.clone();
    let caller = Arc::new(());
    let waits = Arc::downgrade(&caller);
    let recovered = within(RECOVERY_TIMEOUT, move || {
        own.recover(move || waits.strong_count() > 0)
    });
    drop(caller);
    if let Some(owed) = recovered {
        let files = owed_files(&journal, owed, config);
        return (Some(journal), files);
    }
    let directory = config.state_dir.as_ref();
    let directory = directory.map_or(Path::new(""), |own| &own.path);
    warn_of_hanging(
        directory,
        "the files of an interrupted swap were not read in time",
    );
    (None, Vec::new())
}

/// Checks that the files have the content that an earlier process has written, so that the child process may start with
/// them; `None` if this is not configured. A file system that hangs delays the start by at most [`RECOVERY_TIMEOUT`].
pub(super) fn check_last_good(
    journal: Option<&Journal>,
    config: &Config,
) -> Option<Result<(), Differing>> {
    let is_wanted = |exec: &ExecConfig| exec.start_with == StartWith::LastGood;
    let (Some(journal), Mode::Daemon) = (journal, config.mode) else {
        return None;
    };
    if !config.exec.as_ref().is_some_and(is_wanted) {
        return None;
    }
    let (journal, destinations) = (journal.clone(), config.destinations());
    let first = destinations.first().cloned().unwrap_or_default();
    let checked = within(RECOVERY_TIMEOUT, move || {
        last_good::check(&journal, destinations)
    });
    // Without an answer, the child waits for current files.
    Some(checked.unwrap_or(Err(Differing {
        path: first,
        reason: Difference::Late,
    })))
}

/// The answers that an earlier process has accepted. A file that hangs is treated as a missing one.
pub(super) fn answer_sizes(file: &SizesFile, server: &str) -> AnswerSizes {
    let (own, from) = (file.clone(), server.to_owned());
    let sizes = within(OPEN_TIMEOUT, move || own.read(&from));
    sizes.unwrap_or_else(|| {
        file.warn_of_unreadable(&not_in_time("it was not read"));
        AnswerSizes::of(server)
    })
}

/// The answers for the next process; `None` if none are kept. Then those of earlier processes are removed.
pub(super) fn kept_answers(kept: KeptAnswers, config: &Config) -> Option<KeptAnswers> {
    if config.answers != EarlierAnswers::NotKept {
        return Some(kept);
    }
    let own = kept.clone();
    if within(OPEN_TIMEOUT, move || own.remove()).is_none() {
        let path = kept.path().display();
        kept.warn_of_unremoved(&not_in_time(&format!("{path} was not removed")));
    }
    None
}

/// The recorder of the connections to Consul, for a daemon with a state directory. A file that hangs is ignored.
pub(super) fn recorder(journal: Option<&Journal>, config: &Config) -> Recorder {
    let is_used = config.mode == Mode::Daemon && !config.dry;
    let Some(journal) = journal.filter(|_| is_used) else {
        return Recorder::default();
    };
    let Some(file) = ConnectionFile::new(&journal.directory(), "consul.max_connections") else {
        return Recorder::default();
    };
    let own = file.clone();
    let kept = within(OPEN_TIMEOUT, move || own.read()).unwrap_or_else(|| {
        file.log_ignored(&not_in_time("it was not read"));
        KeptConnections::default()
    });
    Recorder::new(file, kept)
}

/// What an earlier process holds. A ledger that hangs is treated as an empty one.
pub(super) fn held(journal: Option<&Journal>, config: &Config) -> Vec<Requested> {
    let Some(journal) = journal.cloned() else {
        return Vec::new();
    };
    let destinations = config.destinations();
    let held = within(OPEN_TIMEOUT, move || {
        holds_of_earlier_process(&journal, destinations)
    });
    held.unwrap_or_default()
}

/// The files of the groups that an earlier process has rolled back, if nothing was written since.
pub(super) fn rolled_back(journal: Option<&Journal>, config: &Config) -> Vec<RolledBack> {
    let rolls_back = |group: &GroupConfig| group.on_failure == OnFailure::Rollback;
    let mut groups = config.jobs.iter().map(Job::applied_with);
    let is_possible = config.mode == Mode::Daemon && groups.any(|group| rolls_back(&group));
    let Some(journal) = journal.filter(|_| is_possible) else {
        return Vec::new();
    };
    let known = journal.destinations();
    if known.iter().all(|file| file.rolled_back.is_none()) {
        return Vec::new();
    }
    let targets = Targets::of(config.destinations());
    let files = known.into_iter().filter_map(|file| {
        let destination = targets.configured(&file.path)?;
        Some(RolledBack {
            content: file.rolled_back.or(file.written)?,
            outputs: file.outputs,
            has_failed: file.rolled_back.is_some() && rolls_back(&*group_of(config, &destination)?),
            destination,
        })
    });
    files.collect()
}

fn warn_of_hanging(directory: &Path, error: &str) {
    let directory = directory.display();
    tracing::warn!(
        name: "ledger.unavailable", %directory, error,
        "{directory}: {error}; does a file system hang? Nothing is recorded until the next start, which \
         completes interrupted swaps and runs what is owed; until then, the first answers of Consul are not compared with \
         earlier ones, and warm_start has no answers"
    );
}

/// Runs work that may hang on a thread of its own; `None` if it takes longer than the limit.
fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, result) = mpsc::channel();
    let run = move || drop(done.send(work()));
    let thread = thread::Builder::new().name("ledger".to_owned()).spawn(run);
    thread.ok()?;
    result.recv_timeout(limit).ok()
}

/// Returns the files of groups that owe their command. What no command settles any more is settled here.
fn owed_files(journal: &Journal, owed: Vec<OwedGroup>, config: &Config) -> Vec<OwedFile> {
    if owed.is_empty() {
        return Vec::new();
    }
    let targets = Targets::of(config.destinations());
    let rolls_back = |path: &Path| {
        let group = group_of(config, path);
        group.is_some_and(|group| group.on_failure == OnFailure::Rollback)
    };
    let mut files = Vec::new();
    for group in owed {
        let name = &group.group;
        let own = group.destinations.iter();
        let own = own.filter_map(|path| targets.configured(path));
        let own: Vec<_> = own
            .filter(|path| group_of(config, path).is_some_and(|group| group.has_effect()))
            .collect();
        if own.is_empty() {
            settle(journal, &group);
            continue;
        }
        tracing::info!(
            name: "ledger.owed", group = name,
            "{name}: its command is owed since an earlier process, and runs now"
        );
        let mut replaced = replaced::of_group(journal, &group, &targets, rolls_back);
        files.extend(own.into_iter().map(|destination| {
            let (previous, is_unrestored) = replaced.remove(&destination).unzip();
            OwedFile {
                previous,
                is_unrestored: is_unrestored.unwrap_or_default(),
                destination,
                intent: group.intent,
            }
        }));
    }
    files
}

/// Settles a group for whose files no command is configured any more.
fn settle(journal: &Journal, group: &OwedGroup) {
    let name = &group.group;
    let Some(command) = &group.command else {
        // The group had no command: it was killed before this was recorded.
        journal.settle(group.intent, Ending::Applied);
        return;
    };
    tracing::warn!(
        name: "ledger.not_owed", group = name, command,
        "{name}: its command is owed since an earlier process, but is not configured any more for the files that \
         were written, so it never runs: {command}"
    );
    journal.settle(group.intent, Ending::Dropped);
}

/// The group of the template that writes this file.
fn group_of(config: &Config, destination: &Path) -> Option<Arc<GroupConfig>> {
    let mut jobs = config.jobs.iter();
    let job = jobs.find(|job| job.destination.as_deref() == Some(destination));
    job.map(Job::applied_with)
}
