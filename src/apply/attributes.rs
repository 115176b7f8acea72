//! Mode, owner and group that a configuration asks for.
//!
//! in:  a [`FileConfig`], with names
//! out: numbers; whether a file has them already; and a new file that has them

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use nix::unistd::{Gid, Group, Uid, User, fchown};

use super::error::WriteError;
use crate::config::resolved::{FileConfig, Owner};

/// The mode of a file that was not there before, whatever the umask.
const NEW_MODE: u32 = 0o644;

/// What a file shall be like; `None`: as the one it replaces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attributes {
    mode: Option<u32>,
    user: Option<Uid>,
    group: Option<Gid>,
}

impl Attributes {
    /// Looks the names up, each time: users come and go while a daemon runs.
    pub(super) fn find(file: &FileConfig, path: &Path) -> Result<Self, WriteError> {
        let user = file
            .user
            .as_ref()
            .map(user)
            .transpose()
            .map_err(WriteError::when("find the user for", path))?;
        let group = file
            .group
            .as_ref()
            .map(group)
            .transpose()
            .map_err(WriteError::when("find the group for", path))?;
        Ok(Self {
            mode: file.mode,
            user,
            group,
        })
    }

    /// Whether a file has them.
    pub(super) fn are_met(self, file: &Metadata) -> bool {
        self.mode.is_none_or(|mode| file.mode() & 0o7777 == mode)
            && self.user.is_none_or(|user| user.as_raw() == file.uid())
            && self.group.is_none_or(|group| group.as_raw() == file.gid())
    }

    /// Gives them to a new file, and those of the file that it replaces where nothing is asked for.
    pub(super) fn give(
        self,
        file: &File,
        old: Option<&Metadata>,
        path: &Path,
    ) -> Result<(), WriteError> {
        let Self { mode, user, group } = self;
        let owned = match old {
            Some(old) if user.is_none() || group.is_none() => keep_owner(file, old, path),
            _ => true,
        };
        if user.is_some() || group.is_some() {
            fchown(file, user, group)
                .map_err(WriteError::when("set the owner of the new", path))?;
        }
        // Whoever the file belongs to now was not given the rights that the upper bits lend.
        let kept = |old: &Metadata| old.mode() & if owned { 0o7777 } else { 0o777 };
        let mode = mode.or(old.map(kept)).unwrap_or(NEW_MODE);
        file.set_permissions(Permissions::from_mode(mode))
            .map_err(WriteError::when("set the mode of the new", path))
    }

    /// Gives a file that is there already what is asked for, and it does not have.
    pub(super) fn give_in_place(self, file: &File, path: &Path) -> Result<(), WriteError> {
        let Self { mode, user, group } = self;
        let has = file.metadata().map_err(WriteError::when("read", path))?;
        if user.is_some_and(|user| user.as_raw() != has.uid())
            || group.is_some_and(|group| group.as_raw() != has.gid())
        {
            fchown(file, user, group).map_err(WriteError::when("set the owner of", path))?;
        }
        let changed = user.is_some() || group.is_some();
        if let Some(mode) = mode.filter(|mode| changed || has.mode() & 0o7777 != *mode) {
            file.set_permissions(Permissions::from_mode(mode))
                .map_err(WriteError::when("set the mode of", path))?;
        }
        Ok(())
    }
}

fn user(owner: &Owner) -> io::Result<Uid> {
    match owner {
        Owner::Id(number) => Ok(Uid::from_raw(*number)),
        Owner::Name(name) => User::from_name(name)?
            .map(|user| user.uid)
            .ok_or_else(|| nobody("user", name)),
    }
}

fn group(owner: &Owner) -> io::Result<Gid> {
    match owner {
        Owner::Id(number) => Ok(Gid::from_raw(*number)),
        Owner::Name(name) => Group::from_name(name)?
            .map(|group| group.gid)
            .ok_or_else(|| nobody("group", name)),
    }
}

fn nobody(kind: &str, name: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        format!("there is no {kind} {name}"),
    )
}

/// Gives the new file the owner and group of the one that it replaces; says whether that could be done.
///
/// Only root can give files away; for anybody else a file with another owner is still better than an old one.
pub(super) fn keep_owner(file: &File, old: &Metadata, path: &Path) -> bool {
    let ours = file.metadata().ok();
    if ours.is_some_and(|ours| (ours.uid(), ours.gid()) == (old.uid(), old.gid())) {
        return true;
    }
    let group = Some(Gid::from_raw(old.gid()));
    let Err(error) = fchown(file, Some(Uid::from_raw(old.uid())), group) else {
        return true;
    };
    // The group alone can be kept by anyone who is in it.
    let group_kept = fchown(file, None, group).is_ok();
    let (file, owner, group) = (path.display(), old.uid(), old.gid());
    tracing::warn!(
        name: "file.owner_lost", %file, owner, group, group_kept, %error,
        "cannot keep the owner file={file} owner={owner} group={group} group_kept={group_kept} error={error}"
    );
    false
}
