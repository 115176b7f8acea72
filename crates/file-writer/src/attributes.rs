//! Mode, owner and group of a file.
//!
//! Input: [`FileOptions`], or the names of a user and a group. Output: numeric IDs, a comparison
//! with a file, and a file with these attributes.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use nix::unistd::{Gid, Group, Uid, User, fchown};

use crate::error::{FIND_GROUP, FIND_USER, WriteError};
use crate::options::{FileOptions, Owner, WriteMode};

/// The mode of a file that did not exist, regardless of the umask.
const DEFAULT_MODE: u32 = 0o644;

/// The required attributes of a file; `None`: those of the replaced file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attributes {
    mode: Option<u32>,
    user: Option<Uid>,
    group: Option<Gid>,
}

/// How one file is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) attributes: Attributes,
    pub(crate) mode: WriteMode,
    /// `true` to keep the replaced file with the suffix `.bak`.
    pub(crate) backup: bool,
    /// The program in the names of temporary files.
    pub(crate) program: &'static str,
}

impl Attributes {
    /// Resolves the attributes of a destination. Names are looked up at each write, because
    /// accounts may change.
    pub(crate) fn of_options(options: &FileOptions, path: &Path) -> Result<Self, WriteError> {
        let user = options.user.as_ref().map(user_of).transpose();
        let group = options.group.as_ref().map(group_of).transpose();
        Ok(Self {
            mode: options.mode,
            user: user.map_err(WriteError::when(FIND_USER, path))?,
            group: group.map_err(WriteError::when(FIND_GROUP, path))?,
        })
    }

    /// Resolves the attributes of an additional file. If it has only a user or only a group, the other one
    /// is that of this process.
    pub(crate) fn of_names(
        user: &str,
        group: &str,
        mode: u32,
        path: &Path,
    ) -> Result<Self, WriteError> {
        let mode = Some(mode);
        if user.is_empty() && group.is_empty() {
            return Ok(Self {
                mode,
                user: None,
                group: None,
            });
        }
        let user = match named_owner(user, "user", |name| Ok(User::from_name(name)?.is_some())) {
            Ok(None) => Ok(Uid::effective()),
            Ok(Some(owner)) => user_of(&owner),
            Err(error) => Err(error),
        };
        let group = match named_owner(group, "group", |name| Ok(Group::from_name(name)?.is_some()))
        {
            Ok(None) => Ok(Gid::effective()),
            Ok(Some(owner)) => group_of(&owner),
            Err(error) => Err(error),
        };
        Ok(Self {
            mode,
            user: Some(user.map_err(WriteError::when(FIND_USER, path))?),
            group: Some(group.map_err(WriteError::when(FIND_GROUP, path))?),
        })
    }

    /// Returns `true` if a file has these attributes.
    pub(crate) fn are_met(self, file: &Metadata) -> bool {
        self.mode.is_none_or(|mode| file.mode() & 0o7777 == mode)
            && self.user.is_none_or(|user| user.as_raw() == file.uid())
            && self.group.is_none_or(|group| group.as_raw() == file.gid())
    }

    /// Returns `true` if the configured user owns the file.
    pub(crate) fn name_owner_of(self, file: &Metadata) -> bool {
        self.user.is_some_and(|user| user.as_raw() == file.uid())
    }

    /// The attributes of a file that replaces one of another user: without a configured mode, it
    /// permits no more than that one and than a new file.
    pub(crate) fn instead_of(self, planted: &Metadata) -> Self {
        let mode = self.mode.unwrap_or(planted.mode() & DEFAULT_MODE);
        Self {
            mode: Some(mode),
            ..self
        }
    }

    /// Sets the attributes of a new file. A `None` attribute is copied from the file that it replaces.
    pub(crate) fn give(
        self,
        file: &File,
        old: Option<&Metadata>,
        path: &Path,
    ) -> Result<(), WriteError> {
        let Self { mode, user, group } = self;
        let owner_kept = match old {
            Some(old) if user.is_none() || group.is_none() => keep_owner(file, old, path),
            _ => true,
        };
        if user.is_some() || group.is_some() {
            fchown(file, user, group)
                .map_err(WriteError::when("set the owner of the new", path))?;
        }
        // Set-user-ID and similar bits were granted to the old owner only.
        let kept_mode = |old: &Metadata| old.mode() & if owner_kept { 0o7777 } else { 0o777 };
        let mode = mode.or(old.map(kept_mode)).unwrap_or(DEFAULT_MODE);
        file.set_permissions(Permissions::from_mode(mode))
            .map_err(WriteError::when("set the mode of the new", path))
    }

    /// Sets the attributes of an existing file where they differ.
    pub(crate) fn give_in_place(self, file: &File, path: &Path) -> Result<(), WriteError> {
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

fn user_of(owner: &Owner) -> io::Result<Uid> {
    match owner {
        Owner::Id(number) => Ok(Uid::from_raw(*number)),
        Owner::Name(name) => User::from_name(name)?
            .map(|user| user.uid)
            .ok_or_else(|| not_found("user", name)),
    }
}

fn group_of(owner: &Owner) -> io::Result<Gid> {
    match owner {
        Owner::Id(number) => Ok(Gid::from_raw(*number)),
        Owner::Name(name) => Group::from_name(name)?
            .map(|group| group.gid)
            .ok_or_else(|| not_found("group", name)),
    }
}

fn not_found(kind: &str, name: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        format!("there is no {kind} {name}"),
    )
}

/// The owner of an additional file: a name if an account has it, else a number. `None` for an empty text.
fn named_owner(
    text: &str,
    kind: &str,
    exists: impl Fn(&str) -> nix::Result<bool>,
) -> io::Result<Option<Owner>> {
    if text.is_empty() {
        return Ok(None);
    }
    if exists(text)? {
        return Ok(Some(Owner::Name(text.to_owned())));
    }
    let number = text.parse().map_err(|_| {
        io::Error::other(format!(
            "there is no such {kind} (its name may come from data and is not shown); name an existing one, or give its number"
        ))
    })?;
    Ok(Some(Owner::Id(number)))
}

/// Sets the owner and group of a new file to those of the file that it replaces. Returns `false` if
/// that is not permitted.
///
/// Only root can change the owner. For other users, a current file with another owner is better
/// than an outdated file.
pub(crate) fn keep_owner(file: &File, old: &Metadata, path: &Path) -> bool {
    let own = file.metadata().ok();
    if own.is_some_and(|own| (own.uid(), own.gid()) == (old.uid(), old.gid())) {
        return true;
    }
    let group = Some(Gid::from_raw(old.gid()));
    let Err(error) = fchown(file, Some(Uid::from_raw(old.uid())), group) else {
        return true;
    };
    // A member of the group can still set the group.
    let group_kept = fchown(file, None, group).is_ok();
    let (file, owner, group) = (path.display(), old.uid(), old.gid());
    tracing::warn!(
        name: "file.owner_lost", %file, owner, group, group_kept, %error,
        "cannot keep the owner file={file} owner={owner} group={group} group_kept={group_kept} error={error}"
    );
    false
}
