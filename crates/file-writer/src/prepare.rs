//! Prepares new content for its swap: beside the destination, or in memory for writing in place.
//!
//! Input: a target, its existing file, and the content. Output: the [`New`] content.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;

use nix::unistd::Uid;

use crate::attributes::Plan;
use crate::error::WriteError;
use crate::in_place::{self, Reason};
use crate::options::WriteMode;
use crate::target::{Existing, Target};
use crate::temporary::Temporary;

/// The new content until it is swapped.
#[derive(Debug)]
pub(crate) enum New {
    /// The content is in a temporary file beside the destination.
    Beside(Temporary),
    /// The content is in memory, with the file that it will be written into.
    InPlace {
        file: File,
        content: Vec<u8>,
        reason: Reason,
    },
}

/// Prepares the new content for the swap.
pub(crate) fn prepare(
    target: &Target,
    existing: Option<&Existing>,
    content: &[u8],
    plan: Plan,
) -> Result<New, WriteError> {
    let in_place = |reason| {
        if let Some(existing) = existing.filter(|existing| is_foreign(existing, plan)) {
            existing.refuse_planted("write into", &target.path)?;
        }
        Ok(New::InPlace {
            file: in_place::open(target)?,
            content: content.to_vec(),
            reason,
        })
    };
    // A missing file is created beside in every mode.
    if plan.mode == WriteMode::InPlace && existing.is_some() {
        return in_place(Reason::Configured);
    }
    match write_beside(target, existing, content, plan) {
        Ok(new) => Ok(New::Beside(new)),
        // If the file is not writable either, report the error of the directory.
        Err(error)
            if plan.mode == WriteMode::Auto
                && existing.is_some()
                && error.is_of_unwritable_directory() =>
        {
            in_place(Reason::UnwritableDirectory).map_err(|_: WriteError| error)
        }
        Err(error) => Err(error),
    }
}

/// Writes the complete new file under a temporary name. It is removed if a step fails.
fn write_beside(
    target: &Target,
    existing: Option<&Existing>,
    content: &[u8],
    plan: Plan,
) -> Result<Temporary, WriteError> {
    let failed = |step| WriteError::when(step, &target.path);
    let (new, mut file) = Temporary::create(target, plan.program)?;
    file.write_all(content).map_err(failed("write the new"))?;
    match existing {
        Some(existing) if is_foreign(existing, plan) => {
            warn_of_owner(target, existing);
            let attributes = plan.attributes.instead_of(&existing.metadata);
            attributes.give(&file, None, &target.path)?;
        }
        _ => {
            let old = existing.map(|existing| &existing.metadata);
            plan.attributes.give(&file, old, &target.path)?;
        }
    }
    file.sync_all().map_err(failed("flush the new"))?;
    Ok(new)
}

/// Returns `true` if another user can have created the file, and the options do not name that user.
/// Such a user must not own the new file, and so be able to read or change it.
pub(crate) fn is_foreign(existing: &Existing, plan: Plan) -> bool {
    existing.is_planted && !plan.attributes.name_owner_of(&existing.metadata)
}

fn warn_of_owner(target: &Target, existing: &Existing) {
    // Other users cannot replace the file of another one there.
    if !Uid::effective().is_root() {
        return;
    }
    let (file, owner) = (target.path.display(), existing.metadata.uid());
    tracing::warn!(
        name: "file.owner_replaced", %file, owner,
        "the file belongs to another user, who can have created it: the new file belongs to this user; to keep the owner, \
        set user, group and perms file={file} owner={owner}"
    );
}
