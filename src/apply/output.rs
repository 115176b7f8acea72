//! Writes the additional files of a template (`writeToFile`).
//!
//! Input: an [`Output`], and the destination of its template. Output: a [`StagedOutput`], which
//! [`StagedOutput::swap`] makes visible.
//!
//! The path of an output may come from data, unlike that of a destination. Therefore a symlink is
//! refused as the file and as its directory, even if it appears between staging and swapping.

use std::fs;
use std::path::{Path, PathBuf};

use super::append::Append;
use super::attributes::Attributes;
use super::directory;
use super::error::WriteError;
use super::target::{Links, Target};
use super::write::{Options, Stage, Staged, Swapped, Writer};
use crate::config::resolved::WriteMode;
use crate::render::output::Output;

/// The mode of missing directories of an output, before the umask.
const DIRECTORY_MODE: u32 = 0o777;

/// The result of staging an output.
#[derive(Debug)]
pub(super) enum StagedOutput {
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
    pub(super) fn stage_output(
        &mut self,
        destination: &Path,
        output: Output,
        fresh: bool,
    ) -> Result<StagedOutput, WriteError> {
        let target = Target::find(&output.path, Links::Refuse)?;
        directory::create_all(&target.directory, DIRECTORY_MODE)?;
        let existing = target.open_existing()?;
        let metadata =
            fs::metadata(&target.directory).map_err(WriteError::when("read", &target.directory))?;
        self.claims
            .claim_output(destination, &output, &metadata, &target.name)?;
        let attributes = Attributes::of_output(&output, &target.path)?;
        if output.append {
            let append = Append {
                target,
                content: output.content,
                attributes,
            };
            return Ok(if fresh {
                StagedOutput::Append(append)
            } else {
                StagedOutput::Unchanged
            });
        }
        let options = Options {
            attributes,
            mode: WriteMode::Rename,
            backup: false,
        };
        let content = output.content.as_bytes();
        Ok(
            match self.stage_at(target, existing.as_ref(), content, options)? {
                Stage::Unchanged => StagedOutput::Unchanged,
                Stage::Staged(staged) => StagedOutput::Replacement(staged),
            },
        )
    }
}

/// Returns `true` if an output would change nothing; for a dry run.
pub(crate) fn is_current(output: &Output, fresh: bool) -> Result<bool, WriteError> {
    let target = Target::find(&output.path, Links::Refuse)?;
    let existing = target.open_existing()?;
    if output.append {
        return Ok(!fresh);
    }
    let Some(existing) = existing else {
        return Ok(false);
    };
    let attributes = Attributes::of_output(output, &target.path)?;
    let is_same = existing
        .holds(output.content.as_bytes())
        .map_err(WriteError::when("read", &target.path))?;
    Ok(is_same && attributes.are_met(&existing.metadata))
}

impl StagedOutput {
    /// Makes the output visible. Returns `None` if nothing has changed.
    ///
    /// Content is not appended twice. `appended` lists what a failed transaction has already appended.
    /// With `settled` (the template's own file is unchanged), an earlier process may have appended it.
    pub(super) fn swap(
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
                let changed = append.run(settled)?;
                appended.push(key);
                Ok(changed.then(|| Swapped::in_directory(append.target.directory)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
