//! Moves this process into a mount namespace of its own.

use std::fs;
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid};

use super::error::NamespaceError;

/// Moves this process into a mount namespace whose changes no other process sees. A process without
/// the privilege also becomes a member of a user namespace, with the same user and group.
pub(super) fn isolate() -> Result<(), NamespaceError> {
    const STEP: &str = "create a mount namespace for";
    let root = Path::new("/");
    let (user, group) = (Uid::effective(), Gid::effective());
    match unshare(CloneFlags::CLONE_NEWNS) {
        Ok(()) => {}
        // A user namespace would take root the access to the files of other users.
        Err(Errno::EPERM) if !user.is_root() => {
            unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)
                .map_err(NamespaceError::when(STEP, root))?;
            map_ids(user, group)?;
        }
        Err(error) => return Err(NamespaceError::when(STEP, root)(error)),
    }
    mount(
        None::<&str>,
        root,
        None::<&str>,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        None::<&str>,
    )
    .map_err(NamespaceError::when("make private the mounts below", root))
}

/// Maps user and group to themselves, so that a check sees its usual user.
fn map_ids(user: Uid, group: Gid) -> Result<(), NamespaceError> {
    let settings = [
        ("/proc/self/uid_map", format!("{user} {user} 1")),
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/gid_map", format!("{group} {group} 1")),
    ];
    settings.iter().try_for_each(|(file, text)| {
        fs::write(file, text).map_err(NamespaceError::when("write", Path::new(file)))
    })
}
