//! The file that a destination led to at a moment, to notice a link that appears later.
//!
//! Input: a destination. Output: a [`KnownTarget`], and the error for another file.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::WriteError;
use crate::resolve::resolve;
use crate::target::Target;

/// The file that a destination led to at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTarget {
    /// The file at the end of all links.
    target: PathBuf,
    /// The destination itself, in the directory that it was in. Here a link may be replaced by a file.
    own: PathBuf,
}

impl KnownTarget {
    /// Follows the links of a destination. The file need not exist.
    ///
    /// # Errors
    /// [`WriteError`] if a link cannot be followed.
    pub fn of(destination: &Path) -> Result<Self, WriteError> {
        let own = resolve(destination, 1)?;
        // From one reading of the directory, which another program may exchange meanwhile.
        let target = resolve(&own, 0)?;
        Ok(Self { target, own })
    }

    /// Returns `true` if the destination led to this file.
    #[must_use]
    pub fn is(&self, target: &Path) -> bool {
        target == self.target
    }

    /// The file that the destination leads to now, if it is another one: another program has put a link into the path.
    /// `None` if it is the known one, or if the destination itself is a file now.
    ///
    /// # Errors
    /// [`WriteError`] if a link cannot be followed.
    pub fn other(&self, destination: &Path) -> Result<Option<PathBuf>, WriteError> {
        let now = resolve(destination, 0)?;
        Ok((!self.permits(&now)).then_some(now))
    }

    /// The error for writing to another file.
    pub(crate) fn refuse_other(
        &self,
        destination: &Path,
        target: &Target,
    ) -> Result<(), WriteError> {
        if self.permits(&target.path) {
            return Ok(());
        }
        let target = target.path.display();
        let reason = format!(
            "a new link leads to {target}, which was never written; remove the link, or name {target} as the destination"
        );
        let reason = io::Error::other(reason);
        Err(WriteError::new("restore", destination, reason))
    }

    fn permits(&self, target: &Path) -> bool {
        target == self.target || target == self.own
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::options::FileOptions;
    use crate::write::{Stage, Writer};

    /// Writes `new` to `out`, only to the known file.
    fn write(root: &Path, known: &KnownTarget) -> Result<(), WriteError> {
        let (out, options) = (root.join("out"), FileOptions::default());
        match Writer::new("ctmpl").stage_known(&out, b"new", None, &options, known)? {
            Stage::Staged(staged) => staged.swap().map(drop),
            Stage::Unchanged => Ok(()),
        }
    }

    #[test]
    fn a_file_that_a_new_link_leads_to_is_not_written() {
        let directory = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap();
        let (out, other) = (root.join("out"), root.join("sub/other"));
        fs::create_dir(root.join("sub")).unwrap();
        for text in [Some("other"), None] {
            let known = KnownTarget::of(&out).unwrap();
            if let Some(text) = text {
                fs::write(&other, text).unwrap();
            }
            symlink("sub/other", &out).unwrap();
            assert_eq!(known.other(&out).unwrap(), Some(other.clone()));
            let error = write(&root, &known).unwrap_err();
            assert_eq!(error.path(), out);
            assert_eq!(fs::read_to_string(&other).ok().as_deref(), text);
            assert_eq!(
                fs::read_dir(root.join("sub")).unwrap().count(),
                usize::from(text.is_some())
            );
            fs::remove_file(&out).unwrap();
            let _ = fs::remove_file(&other);
        }
    }

    #[test]
    fn a_directory_that_becomes_a_link_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap();
        fs::create_dir_all(root.join("real")).unwrap();
        fs::create_dir_all(root.join("etc")).unwrap();
        let out = root.join("real/out");
        let known = KnownTarget::of(&out).unwrap();
        fs::rename(root.join("real"), root.join("moved")).unwrap();
        symlink("etc", root.join("real")).unwrap();
        assert_eq!(known.other(&out).unwrap(), Some(root.join("etc/out")));
    }

    #[test]
    fn a_known_link_is_followed_and_a_file_in_its_place_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap();
        let (out, target) = (root.join("out"), root.join("target"));
        symlink("target", &out).unwrap();
        let known = KnownTarget::of(&out).unwrap();
        for linked in [true, false] {
            if !linked {
                fs::remove_file(&out).unwrap();
                fs::write(&out, "by hand").unwrap();
            }
            fs::write(&target, "old").unwrap();
            assert_eq!(known.other(&out).unwrap(), None);
            write(&root, &known).unwrap();
            assert_eq!(fs::read_to_string(&out).unwrap(), "new");
            let expected = if linked { "new" } else { "old" };
            assert_eq!(fs::read_to_string(&target).unwrap(), expected);
        }
    }
}
