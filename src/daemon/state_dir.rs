//! The state directory: opens the ledger, and finds what earlier processes owe.
//!
//! Input: the configuration. Output: the [`Journal`], and the files whose command is owed.

use std::path::PathBuf;

use apply_ledger::{IntentId, OpenError};
use file_writer::target_of;

use crate::apply::journal::Journal;
use crate::config::resolved::{Config, StateDir};
use crate::error_chain::chain;

/// A file whose command is owed since an earlier process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwedFile {
    /// The destination, as configured.
    pub(super) destination: PathBuf,
    /// The intent to finish after the command.
    pub(super) intent: IntentId,
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

/// Completes interrupted swaps, and returns the files whose command is owed.
pub(super) fn recover(journal: &Journal, config: &Config) -> Vec<OwedFile> {
    let owed = journal.recover();
    if owed.is_empty() {
        return Vec::new();
    }
    let destinations: Vec<_> = config
        .jobs
        .iter()
        .filter_map(|job| job.destination.clone())
        .map(|destination| {
            let target = target_of(&destination).unwrap_or_else(|_| destination.clone());
            (std::path::absolute(&target).unwrap_or(target), destination)
        })
        .collect();
    let mut files = Vec::new();
    for group in owed {
        let own = destinations
            .iter()
            .filter(|(target, _)| group.destinations.contains(target));
        let own: Vec<_> = own.map(|(_, destination)| destination.clone()).collect();
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
        files.extend(own.into_iter().map(|destination| OwedFile {
            destination,
            intent,
        }));
    }
    files
}
