//! Looks at the files of an interrupted intent, and executes the plan.

use std::fs;
use std::io;
use std::path::Path;

use file_writer::{FileOptions, Owner, Stage, Swapped, Writer};

use super::{FileState, RecoveryPlan, RecoveryStep};
use crate::error::{Cause, LedgerError};
use crate::hash::Hash;
use crate::ledger::Ledger;
use crate::records::{Attributes, PendingIntent};

impl PendingIntent {
    /// Reads the present state of the files, in their order.
    ///
    /// # Errors
    /// [`LedgerError`] if a file exists that cannot be read, or that is not a regular file.
    pub fn states(&self) -> Result<Vec<FileState>, LedgerError> {
        let states = self.files.iter().map(|file| {
            Ok(FileState {
                is_staged: file.staged.as_deref().is_some_and(exists),
                destination: hash_of(&file.destination)?,
            })
        });
        let states: Result<_, Cause> = states.collect();
        states.map_err(LedgerError::when("recover an interrupted swap"))
    }
}

/// Returns `true` if there is a file. A link is not followed.
fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The hash of a file; `None` if it does not exist.
fn hash_of(path: &Path) -> Result<Option<Hash>, Cause> {
    match safe_read::read(path) {
        Ok(content) => Ok(Some(Hash::of(&content))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path)(error)),
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Cause + '_ {
    move |source| Cause::File {
        path: path.to_owned(),
        source,
    }
}

impl RecoveryPlan {
    /// Executes the steps with the contents of a ledger, and flushes the changed directories.
    /// `program` is a part of the names of temporary files.
    ///
    /// `is_wanted` is asked before each step, and before a staged file becomes visible. Returns
    /// `false` if it said no: then the other steps are not executed, because the files may have
    /// newer contents. A system call in progress cannot be recalled: if a file system hangs in a
    /// rename or in a write in place, it may still complete that one file when it answers again.
    ///
    /// # Errors
    /// [`LedgerError`] of the first step that fails. Then, and if not all steps were executed, the
    /// intent is still pending, and a new plan leads to the same end.
    pub fn execute(
        &self,
        ledger: &Ledger,
        program: &'static str,
        is_wanted: impl Fn() -> bool,
    ) -> Result<bool, LedgerError> {
        let mut writer = Writer::new(program);
        let mut swapped = Vec::new();
        let mut is_complete = true;
        for step in &self.steps {
            is_complete = is_wanted();
            if !is_complete {
                break;
            }
            match step {
                RecoveryStep::Remove { staged } => remove(staged),
                RecoveryStep::Write {
                    destination,
                    content,
                    attributes,
                } => {
                    let text = ledger.content(*content)?;
                    let text = text.ok_or(Cause::NoContent(*content));
                    let staged =
                        text.and_then(|text| stage(&mut writer, destination, &text, *attributes));
                    is_complete = is_wanted();
                    if !is_complete {
                        break;
                    }
                    staged.and_then(|staged| swap(staged).map(|new| swapped.extend(new)))
                }
            }
            .map_err(LedgerError::when("recover an interrupted swap"))?;
        }
        Swapped::flush(swapped);
        Ok(is_complete)
    }
}

fn stage(
    writer: &mut Writer,
    destination: &Path,
    content: &[u8],
    attributes: Attributes,
) -> Result<Stage, Cause> {
    let options = FileOptions {
        mode: attributes.mode,
        user: attributes.uid.map(Owner::Id),
        group: attributes.gid.map(Owner::Id),
        ..FileOptions::default()
    };
    Ok(writer.stage(destination, content, None, &options)?)
}

fn swap(stage: Stage) -> Result<Option<Swapped>, Cause> {
    Ok(match stage {
        Stage::Unchanged => None,
        Stage::Staged(staged) => Some(staged.swap()?),
    })
}

fn remove(staged: &Path) -> Result<(), Cause> {
    match fs::remove_file(staged) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(staged)(error)),
        _ => Ok(()),
    }
}
