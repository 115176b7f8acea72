//! The content of a file before it is replaced, so that it can be restored.
//!
//! Input: a destination. Output: a [`Previous`], which [`Previous::restore`] puts back.

use std::fmt;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;
use nix::unistd::{UnlinkatFlags, unlinkat};

use crate::directory;
use crate::error::WriteError;
use crate::options::{FileOptions, Owner};
use crate::target::{Links, Target};
use crate::write::{DIRECTORY_MODE, Stage, Swapped, Writer};

/// The permission bits of a mode.
const PERMISSIONS: u32 = 0o7777;

/// A file as it was at a moment: its content, mode and owner, or its absence. Clones share the content.
#[derive(Clone, PartialEq, Eq)]
pub struct Previous {
    destination: PathBuf,
    links: Links,
    state: State,
}

#[derive(Clone, PartialEq, Eq)]
enum State {
    Missing,
    Present {
        content: Arc<Vec<u8>>,
        attributes: Attributes,
    },
}

/// Mode and owner of a file before its replacement. `None`: the restored file keeps those of the present one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Attributes {
    /// The permission bits.
    mode: Option<u32>,
    user: Option<u32>,
    group: Option<u32>,
}

impl fmt::Debug for Previous {
    /// Writes the length of the content, which may be secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            destination, state, ..
        } = self;
        let size = match state {
            State::Missing => None,
            State::Present { content, .. } => Some(content.len()),
        };
        out.debug_struct("Previous")
            .field("destination", destination)
            .field("size", &size)
            .finish()
    }
}

impl Previous {
    /// Reads the present state of a file.
    ///
    /// # Errors
    /// [`WriteError`] if the file cannot be read, or is not a regular file.
    pub fn read(destination: &Path) -> Result<Self, WriteError> {
        Self::read_with(destination, Links::Follow)
    }

    /// Reads the present state of an [additional file](crate::Additional). A link at its path is refused, also when it is
    /// restored.
    ///
    /// # Errors
    /// Those of [`Previous::read`], and if the path leads over a link.
    pub fn read_additional(path: &Path) -> Result<Self, WriteError> {
        Self::read_with(path, Links::Refuse)
    }

    fn read_with(destination: &Path, links: Links) -> Result<Self, WriteError> {
        let target = Target::find(destination, links)?;
        let state = match target.open_existing()? {
            None => State::Missing,
            Some(existing) => {
                let attributes = Attributes {
                    mode: Some(existing.metadata.mode() & PERMISSIONS),
                    user: Some(existing.metadata.uid()),
                    group: Some(existing.metadata.gid()),
                };
                let mut content = Vec::new();
                existing
                    .into_file()
                    .read_to_end(&mut content)
                    .map_err(WriteError::when("read", &target.path))?;
                State::Present {
                    content: Arc::new(content),
                    attributes,
                }
            }
        };
        Ok(Self {
            destination: destination.to_owned(),
            links,
            state,
        })
    }

    /// Creates the state of a file from a record. `content` is `None` if the file did not exist. The restored file
    /// keeps mode and owner of the present one.
    #[must_use]
    pub fn recorded(destination: PathBuf, content: Option<Vec<u8>>) -> Self {
        let present = |content| State::Present {
            content: Arc::new(content),
            attributes: Attributes::default(),
        };
        Self {
            destination,
            links: Links::Follow,
            state: content.map_or(State::Missing, present),
        }
    }

    /// The destination.
    #[must_use]
    pub fn destination(&self) -> &Path {
        &self.destination
    }

    /// The content; `None` if the file did not exist.
    #[must_use]
    pub fn content(&self) -> Option<&[u8]> {
        match &self.state {
            State::Missing => None,
            State::Present { content, .. } => Some(content.as_slice()),
        }
    }

    /// Restores the file: its content, mode and owner, or its absence. Of the options, only `write` and
    /// `create_directories` are used. Returns `None` if nothing had to be changed.
    ///
    /// # Errors
    /// [`WriteError`]. Then the file keeps the content that it has.
    pub fn restore(
        &self,
        writer: &Writer,
        options: &FileOptions,
    ) -> Result<Option<Swapped>, WriteError> {
        let target = Target::find(&self.destination, self.links)?;
        match &self.state {
            State::Missing => remove(target),
            State::Present {
                content,
                attributes,
            } => {
                if options.create_directories {
                    directory::create_all(&target.directory, DIRECTORY_MODE)?;
                }
                let options = FileOptions {
                    mode: attributes.mode,
                    user: attributes.user.map(Owner::Id),
                    group: attributes.group.map(Owner::Id),
                    backup: false,
                    ..options.clone()
                };
                match writer.stage_restored(target, content, &options)? {
                    Stage::Unchanged => Ok(None),
                    Stage::Staged(staged) => staged.swap().map(Some),
                }
            }
        }
    }
}

fn remove(target: Target) -> Result<Option<Swapped>, WriteError> {
    if !target.directory.exists() {
        return Ok(None);
    }
    let directory = target.open_directory()?;
    match unlinkat(
        &directory,
        target.name.as_os_str(),
        UnlinkatFlags::NoRemoveDir,
    ) {
        Ok(()) => Ok(Some(Swapped::in_directory(target.directory))),
        Err(Errno::ENOENT) => Ok(None),
        Err(error) => Err(WriteError::new("remove", &target.path, error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::additional::Additional;

    fn restore(previous: &Previous) -> bool {
        let writer = Writer::new("example");
        let restored = previous.restore(&writer, &FileOptions::default()).unwrap();
        let is_changed = restored.is_some();
        Swapped::flush(restored.into_iter().collect());
        is_changed
    }

    #[test]
    fn content_and_mode_are_restored() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let previous = Previous::read(&path).unwrap();
        assert_eq!(previous.content(), Some(&b"old"[..]));
        assert!(!restore(&previous), "nothing has changed");
        fs::remove_file(&path).unwrap();
        fs::write(&path, "new").unwrap();
        assert!(restore(&previous));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & PERMISSIONS, 0o640);
        assert!(!format!("{previous:?}").contains("old"));
    }

    #[test]
    fn a_recorded_file_is_restored_with_the_present_attributes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "new").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        let recorded = |content| Previous::recorded(path.clone(), content);
        assert!(restore(&recorded(Some(b"old".to_vec()))));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & PERMISSIONS, 0o604);
        assert!(restore(&recorded(None)));
        assert!(!path.exists());
    }

    #[test]
    fn an_additional_file_is_restored_but_not_through_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (own, side) = (directory.path().join("own"), directory.path().join("side"));
        fs::write(&side, "old").unwrap();
        let writer = Writer::new("example");
        let previous = Previous::read_additional(&side).unwrap();
        let file = Additional {
            path: side.clone(),
            user: String::new(),
            group: String::new(),
            mode: 0o644,
            function: "writeToFile",
            append: false,
            content: b"new".to_vec(),
        };
        let Stage::Staged(staged) = writer.stage_additional(&own, &file).unwrap() else {
            panic!("the content has changed");
        };
        Swapped::flush(vec![staged.swap().unwrap()]);
        let restored = previous.restore(&writer, &FileOptions::default()).unwrap();
        Swapped::flush(vec![restored.unwrap()]);
        assert_eq!(fs::read(&side).unwrap(), b"old");
        let file = Additional {
            content: b"old".to_vec(),
            ..file
        };
        let unchanged = writer.stage_additional(&own, &file).unwrap();
        assert!(matches!(unchanged, Stage::Unchanged), "it is still its own");
        fs::rename(&side, &own).unwrap();
        std::os::unix::fs::symlink(&own, &side).unwrap();
        fs::write(&own, "other").unwrap();
        previous
            .restore(&writer, &FileOptions::default())
            .unwrap_err();
        assert_eq!(fs::read(&own).unwrap(), b"other");
    }

    #[test]
    fn the_directory_of_a_restored_file_is_created_if_this_is_configured() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b/file");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let missing = Previous::read(&path).unwrap();
        fs::write(&path, "old").unwrap();
        let previous = Previous::read(&path).unwrap();
        fs::remove_dir_all(directory.path().join("a")).unwrap();
        let options = FileOptions {
            create_directories: false,
            ..FileOptions::default()
        };
        previous
            .restore(&Writer::new("example"), &options)
            .unwrap_err();
        assert!(!restore(&missing), "it is absent already");
        assert!(restore(&previous));
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn a_file_that_did_not_exist_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let previous = Previous::read(&path).unwrap();
        assert_eq!(previous.content(), None);
        assert!(!restore(&previous));
        fs::write(&path, "new").unwrap();
        assert!(restore(&previous));
        assert!(!path.exists());
    }
}
