//! The rules for files of other users in directories that all users may write, such as `/tmp`.
//!
//! The kernel has the same rules (`fs.protected_symlinks`, `fs.protected_regular`), but systems can
//! disable them, and they do not apply where a program follows a link by itself.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::Uid;

/// The bits of a directory in which all users may create files, and delete only their own.
const STICKY_AND_WRITABLE: u32 = 0o1002;

/// Returns `true` if another user can have put a file or link of `owner` into its directory: it
/// belongs neither to this user nor to the owner of the directory.
pub(crate) fn is_planted(owner: u32, directory_owner: u32, directory_mode: u32) -> bool {
    is_of_another_user(
        Uid::effective().as_raw(),
        owner,
        directory_owner,
        directory_mode,
    )
}

/// Returns the first directory above a file, or its own, that another user can have created. Such a
/// user may do with the files in it what they want.
pub(crate) fn planted_directory(directory: &Path) -> Option<PathBuf> {
    let real = fs::canonicalize(directory).ok()?;
    let mut found = None;
    for (child, parent) in real.ancestors().zip(real.ancestors().skip(1)) {
        let (child_is, parent_is) = (fs::metadata(child).ok()?, fs::metadata(parent).ok()?);
        if is_planted(child_is.uid(), parent_is.uid(), parent_is.mode()) {
            found = Some(child.to_owned());
        }
    }
    found
}

fn is_of_another_user(user: u32, owner: u32, directory_owner: u32, directory_mode: u32) -> bool {
    directory_mode & STICKY_AND_WRITABLE == STICKY_AND_WRITABLE
        && owner != user
        && owner != directory_owner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_other_users_in_sticky_directories_are_planted() {
        let cases = [
            (0, 1000, 0, 0o1777, true),
            (0, 1000, 0, 0o1757, true),
            (1000, 1001, 0, 0o1777, true),
            (1000, 1000, 0, 0o1777, false),
            (1000, 0, 0, 0o1777, false),
            (0, 1000, 1000, 0o1777, false),
            (0, 1000, 0, 0o0777, false),
            (0, 1000, 0, 0o1775, false),
            (0, 1000, 0, 0o0755, false),
        ];
        for (user, owner, directory_owner, mode, expected) in cases {
            let found = is_of_another_user(user, owner, directory_owner, mode);
            assert_eq!(found, expected, "{user} {owner} {directory_owner} {mode:o}");
        }
    }
}
