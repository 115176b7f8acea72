//! Resolves the links of a path, and opens the directory at its end.
//!
//! Input: a configured path. Output: a path without links; its last components may be missing.
//!
//! Links are followed here and not by the kernel, so that links of other users are refused (see
//! [`sticky`](crate::sticky)) also where the kernel does not protect them. The directory is opened
//! without following links, so that a link that appears meanwhile is an error.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, open, openat, openat2};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs, statfs};
use nix::unistd::Uid;

use crate::directory::parent;
use crate::error::WriteError;
use crate::sticky::{is_planted, planted_directory};

/// The maximum number of links that the kernel follows in a path.
const MAX_LINKS: usize = 40;

/// Follows the links of a path, except those of its last `unresolved` components.
pub(crate) fn resolve(path: &Path, unresolved: usize) -> Result<PathBuf, WriteError> {
    let mut resolved = PathBuf::new();
    let mut rest: VecDeque<OsString> = names(path);
    let mut links = 0;
    while let Some(name) = rest.pop_front() {
        if name == "/" {
            resolved = PathBuf::from("/");
            continue;
        }
        if name == ".." {
            go_up(&mut resolved);
            continue;
        }
        let here = resolved.join(&name);
        if rest.len() < unresolved {
            resolved = here;
            continue;
        }
        match fs::symlink_metadata(&here) {
            Ok(metadata) if metadata.is_symlink() && !is_on_proc(&here) => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(WriteError::new("follow the link", path, Errno::ELOOP));
                }
                refuse_planted(&here, &metadata)?;
                let target =
                    fs::read_link(&here).map_err(WriteError::when("follow the link", &here))?;
                let mut target = names(&target);
                target.append(&mut rest);
                rest = target;
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let whole = rest.iter().fold(here, |path, name| path.join(name));
                return Err(WriteError::new("read", &whole, error));
            }
            _ => resolved = here,
        }
    }
    Ok(resolved)
}

/// The components of a path. A root is `/`; `.` occurs only at the beginning.
fn names(path: &Path) -> VecDeque<OsString> {
    path.components()
        .map(|component| component.as_os_str().to_owned())
        .collect()
}

/// Removes the last component of a path without links.
fn go_up(path: &mut PathBuf) {
    match path.components().next_back() {
        Some(Component::Normal(_)) => {
            path.pop();
        }
        Some(Component::RootDir) => {}
        _ => path.push(".."),
    }
}

/// A link of `/proc`, such as `/proc/1/root`, leads to a file and not to the path that is its text.
fn is_on_proc(link: &Path) -> bool {
    statfs(parent(link)).is_ok_and(|found| found.filesystem_type() == PROC_SUPER_MAGIC)
}

fn refuse_planted(link: &Path, metadata: &Metadata) -> Result<(), WriteError> {
    const STEP: &str = "follow the link";
    let directory = parent(link);
    let found = fs::metadata(directory).map_err(WriteError::when("read", directory))?;
    let owner = metadata.uid();
    let cause = if is_planted(owner, found.uid(), found.mode()) {
        format!("all users may create links in {}", directory.display())
    } else if owner != Uid::effective().as_raw()
        && let Some(directory) = planted_directory(directory)
    {
        format!("another user has created {}", directory.display())
    } else {
        return Ok(());
    };
    let reason = format!(
        "it belongs to user {owner}, and {cause}; name the file that it leads to, or replace it by a link of your own"
    );
    Err(WriteError::new(STEP, link, io::Error::other(reason)))
}

/// Opens a directory for `*at` calls, without following a link except on `/proc`. This needs no read
/// permission on it.
pub(crate) fn open_directory(path: &Path) -> nix::Result<OwnedFd> {
    // Linux before 5.6 does not have this call, some system call filters reject it, and it follows no link of `/proc`.
    open_without_links(path).or_else(|_| walk(path))
}

/// The flags of an open directory that serves only `*at` calls.
const DIRECTORY: OFlag = OFlag::O_PATH
    .union(OFlag::O_DIRECTORY)
    .union(OFlag::O_CLOEXEC);

/// Opens a directory with one system call. A link in the path is an error.
fn open_without_links(path: &Path) -> nix::Result<OwnedFd> {
    let how = OpenHow::new()
        .flags(DIRECTORY)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    openat2(AT_FDCWD, path, how)
}

/// Opens a directory component by component. Its error names what is wrong with the path.
fn walk(path: &Path) -> nix::Result<OwnedFd> {
    let start = if path.is_absolute() { "/" } else { "." };
    let mut directory = open(start, DIRECTORY, Mode::empty())?;
    for component in path.components() {
        if let Component::Normal(_) | Component::ParentDir = component {
            directory = open_in(&directory, component.as_os_str())?;
        }
    }
    Ok(directory)
}

fn open_in(directory: impl AsFd, name: &OsStr) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
    let opened = openat(&directory, name, flags | OFlag::O_NOFOLLOW, Mode::empty())?;
    let kind = SFlag::from_bits_truncate(fstat(&opened)?.st_mode & SFlag::S_IFMT.bits());
    match kind {
        SFlag::S_IFDIR => Ok(opened),
        SFlag::S_IFLNK if fstatfs(&directory)?.filesystem_type() == PROC_SUPER_MAGIC => {
            openat(&directory, name, flags | OFlag::O_DIRECTORY, Mode::empty())
        }
        SFlag::S_IFLNK => Err(Errno::ELOOP),
        _ => Err(Errno::ENOTDIR),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};

    use super::*;

    fn directory() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = fs::canonicalize(directory.path()).unwrap();
        (directory, path)
    }

    #[test]
    fn links_are_followed_in_every_component() {
        let (_directory, root) = directory();
        fs::create_dir_all(root.join("real/sub")).unwrap();
        fs::write(root.join("real/file"), "").unwrap();
        for (target, link) in [
            ("real", "relative"),
            ("../real", "real/up"),
            ("file", "real/link"),
            ("relative/link", "chain"),
            ("missing", "dangling"),
        ] {
            symlink(target, root.join(link)).unwrap();
        }
        symlink(root.join("real"), root.join("absolute")).unwrap();
        for (path, expected) in [
            ("real/file", "real/file"),
            ("relative/file", "real/file"),
            ("absolute/sub/../link", "real/file"),
            ("chain", "real/file"),
            ("dangling", "missing"),
            ("real/up/new/file", "real/new/file"),
            ("missing/a/b", "missing/a/b"),
        ] {
            let found = resolve(&root.join(path), 0).unwrap();
            assert_eq!(found, root.join(expected), "{path}");
            assert_eq!(
                fs::metadata(found).is_ok(),
                fs::metadata(root.join(path)).is_ok()
            );
        }
        let found = resolve(&root.join("relative/up/link"), 2).unwrap();
        assert_eq!(found, root.join("real/up/link"));
        for open in [open_directory, walk, open_without_links] {
            assert!(open(&root.join("real/sub")).is_ok());
            for (path, expected) in [
                ("relative", Errno::ELOOP),
                ("relative/sub", Errno::ELOOP),
                ("absolute", Errno::ELOOP),
                ("real/file", Errno::ENOTDIR),
                ("missing", Errno::ENOENT),
            ] {
                let error = open(&root.join(path)).unwrap_err();
                assert_eq!(error, expected, "{path}");
            }
        }
    }

    #[test]
    fn relative_paths_stay_relative() {
        for path in ["file", "./file", "../file", "../../a/file", "a/b/file"] {
            assert_eq!(resolve(Path::new(path), 0).unwrap(), Path::new(path));
        }
        assert_eq!(
            resolve(Path::new("/../no-such-file"), 0).unwrap(),
            Path::new("/no-such-file")
        );
        for path in ["", ".", "./src/.."] {
            assert!(open_directory(Path::new(path)).is_ok(), "{path}");
        }
    }

    #[test]
    fn links_of_proc_are_followed_by_the_kernel() {
        let path = Path::new("/proc/self/cwd/src");
        let found = resolve(path, 0).unwrap();
        assert!(found.ends_with("cwd/src"), "{}", found.display());
        assert!(open_without_links(&found).is_err());
        let opened = open_directory(&found).unwrap();
        let here = fs::metadata("src").unwrap();
        assert_eq!(fstat(&opened).unwrap().st_ino, here.ino());
    }

    #[test]
    fn planted_links_are_refused_anywhere_in_the_path() {
        if !Uid::effective().is_root() {
            return;
        }
        let (_directory, root) = directory();
        let open = root.join("open");
        fs::create_dir_all(root.join("real")).unwrap();
        fs::create_dir_all(&open).unwrap();
        for (owner, directory_owner, mode, refused) in [
            (65534, 0, 0o1777, true),
            (65534, 65534, 0o1777, false),
            (65534, 0, 0o777, false),
            (65534, 0, 0o1775, false),
            (0, 0, 0o1777, false),
        ] {
            fs::set_permissions(&open, fs::Permissions::from_mode(mode)).unwrap();
            lchown(&open, Some(directory_owner), None).unwrap();
            let link = open.join("link");
            symlink("../real", &link).unwrap();
            lchown(&link, Some(owner), None).unwrap();
            for path in [link.clone(), link.join("file"), link.join("new/file")] {
                let result = resolve(&path, 0);
                assert_eq!(result.is_err(), refused, "{} {mode:o}", path.display());
                if let Err(error) = result {
                    assert_eq!(error.path(), link);
                }
            }
            fs::remove_file(&link).unwrap();
        }
    }
}
