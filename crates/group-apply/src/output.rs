//! Writes the additional files of a template (`writeToFile`).
//!
//! Input: an [`Additional`] file, and the destination of its template. Output: a [`StagedOutput`], which
//! [`StagedOutput::swap`] makes visible.

use std::path::{Path, PathBuf};

use file_writer::{Additional, Append, Stage, Staged, Swapped, WriteError};

use super::write::Writer;

/// The result of staging an output.
#[derive(Debug)]
pub(crate) enum StagedOutput {
    /// The file already has the content and the attributes.
    Unchanged,
    /// The new content is ready beside the file.
    Replacement(Box<Staged>),
    /// The content will be appended to the file.
    Append(Append),
}

impl Writer {
    /// Stages an output of the template whose destination is `destination`. Content is appended
    /// only if `fresh`.
    pub(crate) fn stage_output(
        &self,
        destination: &Path,
        file: Additional,
        fresh: bool,
    ) -> Result<StagedOutput, WriteError> {
        if file.append {
            let append = self.files.stage_append(destination, file)?;
            return Ok(if fresh {
                StagedOutput::Append(append)
            } else {
                StagedOutput::Unchanged
            });
        }
        let staged = self.files.stage_additional(destination, &file)?;
        Ok(match staged {
            Stage::Unchanged => StagedOutput::Unchanged,
            Stage::Staged(staged) => StagedOutput::Replacement(staged),
        })
    }
}

/// Returns `true` if an additional file would not change; for a dry run.
///
/// # Errors
/// [`WriteError`]
pub fn is_current(file: &Additional, fresh: bool) -> Result<bool, WriteError> {
    if file.append {
        return file.check().map(|()| !fresh);
    }
    file.is_current()
}

impl StagedOutput {
    /// Makes the output visible. Returns `None` if nothing has changed.
    ///
    /// Content is not appended twice. `appended` lists what a failed transaction has already appended.
    /// With `settled` (the template's own file is unchanged), an earlier process may have appended it.
    pub(crate) fn swap(
        self,
        settled: bool,
        appended: &mut Vec<(PathBuf, u64)>,
    ) -> Result<Option<Swapped>, WriteError> {
        match self {
            Self::Unchanged => Ok(None),
            Self::Replacement(staged) => staged.swap().map(Some),
            Self::Append(append) => {
                let key = append.key();
                if appended.contains(&key) {
                    return Ok(None);
                }
                let swapped = append.run(settled)?;
                appended.push(key);
                Ok(swapped)
            }
        }
    }
}

#[cfg(test)]
mod tests;
