//! Looks at the files of an interrupted intent, and executes the plan.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

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
                staged: match &file.staged {
                    Some(staged) => hash_of(staged)?,
                    None => None,
                },
                destination: hash_of(&file.destination)?,
            })
        });
        let states: Result<_, Cause> = states.collect();
        states.map_err(LedgerError::when("recover an interrupted swap"))
    }
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
    /// # Errors
    /// [`LedgerError`] of the first step that fails. Then the intent is still pending, and a new
    /// plan leads to the same end.
    pub fn execute(&self, ledger: &Ledger, program: &'static str) -> Result<(), LedgerError> {
        let operation = "recover an interrupted swap";
        let mut executor = Executor {
            writer: Writer::new(program),
            swapped: Vec::new(),
            directories: BTreeSet::new(),
        };
        for step in &self.steps {
            match step {
                RecoveryStep::Rename {
                    staged,
                    destination,
                } => executor.rename(staged, destination),
                RecoveryStep::Remove { staged } => remove(staged),
                RecoveryStep::Write {
                    destination,
                    content,
                    attributes,
                } => {
                    let text = ledger.content(*content)?;
                    let text = text.ok_or(Cause::NoContent(*content));
                    text.and_then(|text| executor.write(destination, &text, *attributes))
                }
            }
            .map_err(LedgerError::when(operation))?;
        }
        executor.flush().map_err(LedgerError::when(operation))
    }
}

/// Changes files and remembers the directories to flush.
struct Executor {
    writer: Writer,
    swapped: Vec<Swapped>,
    directories: BTreeSet<PathBuf>,
}

impl Executor {
    fn rename(&mut self, staged: &Path, destination: &Path) -> Result<(), Cause> {
        let target = target_of(destination).map_err(failed(destination))?;
        fs::rename(staged, &target).map_err(failed(&target))?;
        self.directories.extend(target.parent().map(Path::to_owned));
        Ok(())
    }

    fn write(
        &mut self,
        destination: &Path,
        content: &[u8],
        attributes: Attributes,
    ) -> Result<(), Cause> {
        let options = FileOptions {
            mode: attributes.mode,
            user: attributes.uid.map(Owner::Id),
            group: attributes.gid.map(Owner::Id),
            ..FileOptions::default()
        };
        match self.writer.stage(destination, content, None, &options)? {
            Stage::Unchanged => {}
            Stage::Staged(staged) => self.swapped.push(staged.swap()?),
        }
        Ok(())
    }

    fn flush(self) -> Result<(), Cause> {
        Swapped::flush(self.swapped);
        for directory in self.directories {
            File::open(&directory)
                .and_then(|file| file.sync_all())
                .map_err(failed(&directory))?;
        }
        Ok(())
    }
}

/// The file that a destination refers to: symbolic links are followed, as they were when the file was
/// staged.
fn target_of(destination: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(destination) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let missing = fs::read_link(destination).unwrap_or_else(|_| destination.to_owned());
            Ok(destination.parent().unwrap_or(destination).join(missing))
        }
        target => target,
    }
}

fn remove(staged: &Path) -> Result<(), Cause> {
    match fs::remove_file(staged) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(staged)(error)),
        _ => Ok(()),
    }
}
