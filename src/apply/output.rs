//! Writes the files that a template writes beside its own: each is staged, then swapped or appended to.
//!
//! in:  an [`Output`], and the destination of the template that it belongs to
//! out: a [`StagedOutput`], which [`StagedOutput::swap`] makes visible
//!
//! A link is not followed here, neither as the file nor as its directory: everything happens in the directory that was
//! opened without following one. Whoever switches it in between gets an error, and nothing is written elsewhere.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Group, Uid, UnlinkatFlags, User, fchown, unlinkat};

use super::attributes::keep_owner;
use super::error::WriteError;
use super::leftover;
use super::place::make_directories;
use super::write::{Swapped, Writer};
use crate::safe_read;
use crate::template::output::Output;

/// What missing directories are made with, less the umask.
const DIRECTORY_MODE: u32 = 0o777;

/// What became of the first step.
#[derive(Debug)]
pub(super) enum StagedOutput {
    /// The file is as it should be.
    Unchanged,
    /// The new content lies beside the file, complete and on the disk.
    Replacement(Replacement),
    /// The content is to be added to the file.
    Addition {
        place: Place,
        output: Output,
        owner: Owner,
    },
}

/// New content beside its file. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Replacement {
    place: Place,
    /// The name under which it lies there; `None` once it has been swapped.
    temporary: Option<OsString>,
}

/// Where a file is, without following a link.
#[derive(Clone, Debug)]
pub(super) struct Place {
    path: PathBuf,
    directory: PathBuf,
    name: OsString,
}

/// Who a file is to belong to; `None`: to whom it belongs, or to us.
type Owner = Option<(Uid, Gid)>;

impl Writer {
    /// Prepares an output of the template that is rendered to `destination`. Nothing is appended that is not `fresh`.
    pub(super) fn stage_output(
        &mut self,
        destination: &Path,
        output: Output,
        fresh: bool,
    ) -> Result<StagedOutput, WriteError> {
        let place = Place::of(&output.path)?;
        make_directories(&place.directory, DIRECTORY_MODE)?;
        let present = place.open_present()?;
        let metadata =
            fs::metadata(&place.directory).map_err(WriteError::when("read", &place.directory))?;
        self.claims
            .claim_output(destination, &output, &metadata, &place.name)?;
        let owner = owner(&output).map_err(WriteError::when("give an owner to", &place.path))?;
        if output.append {
            let addition = StagedOutput::Addition {
                place,
                output,
                owner,
            };
            return Ok(if fresh {
                addition
            } else {
                StagedOutput::Unchanged
            });
        }
        if let Some((file, metadata)) = &present
            && is_right(metadata, &output, owner)
            && holds(file, metadata, &output.content)
                .map_err(WriteError::when("read", &place.path))?
        {
            return Ok(StagedOutput::Unchanged);
        }
        self.leftovers.remove(&place.directory, &place.name);
        let mut replacement = Replacement {
            place,
            temporary: None,
        };
        replacement.write(
            &output,
            owner,
            present.as_ref().map(|(_, metadata)| metadata),
        )?;
        Ok(StagedOutput::Replacement(replacement))
    }
}

/// Whether an output changes nothing, for a dry run.
pub(crate) fn is_current(output: &Output, fresh: bool) -> Result<bool, WriteError> {
    let place = Place::of(&output.path)?;
    let Some((file, metadata)) = (if place.directory.exists() {
        place.open_present()?
    } else {
        None
    }) else {
        return Ok(output.append && !fresh);
    };
    if output.append {
        return Ok(!fresh);
    }
    let owner = owner(output).map_err(WriteError::when("give an owner to", &place.path))?;
    let held =
        holds(&file, &metadata, &output.content).map_err(WriteError::when("read", &place.path))?;
    Ok(held && is_right(&metadata, output, owner))
}

impl StagedOutput {
    /// Makes it visible; `None`: nothing has changed. Content that was appended already, by a transaction that failed
    /// further on or by a process before this one (`settled`: the template's own file is as it should be), is not
    /// appended again.
    pub(super) fn swap(
        self,
        settled: bool,
        appended: &mut Vec<(PathBuf, u64)>,
    ) -> Result<Option<Swapped>, WriteError> {
        match self {
            Self::Unchanged => Ok(None),
            Self::Replacement(replacement) => replacement.swap().map(Some),
            Self::Addition {
                place,
                output,
                owner,
            } => {
                let addition = (place.path.clone(), fingerprint(&output.content));
                if appended.contains(&addition) {
                    return Ok(None);
                }
                let changed = place.append(&output, owner, settled)?;
                appended.push(addition);
                Ok(changed.then(|| Swapped::in_directory(place.directory)))
            }
        }
    }
}

impl Replacement {
    fn write(
        &mut self,
        output: &Output,
        owner: Owner,
        old: Option<&Metadata>,
    ) -> Result<(), WriteError> {
        let failed = |step| WriteError::when(step, &output.path);
        let directory = self.place.open_directory()?;
        let mut temporary = leftover::prefix(&self.place.name);
        temporary.push(
            (0..leftover::RANDOM_LEN)
                .map(|_| fastrand::alphanumeric())
                .collect::<String>(),
        );
        let flags =
            OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let file = openat(
            &directory,
            temporary.as_os_str(),
            flags,
            Mode::S_IRUSR | Mode::S_IWUSR,
        );
        let file = file.map_err(WriteError::when("create a new file beside", &output.path))?;
        let mut file = File::from(file);
        self.temporary = Some(temporary);
        file.write_all(output.content.as_bytes())
            .map_err(failed("write the new"))?;
        match (owner, old) {
            (None, Some(old)) => drop(keep_owner(&file, old, &output.path)),
            (owner, _) => give(&file, owner)
                .map_err(WriteError::when("set the owner of the new", &output.path))?,
        }
        file.set_permissions(Permissions::from_mode(output.mode))
            .map_err(failed("set the mode of the new"))?;
        file.sync_all().map_err(failed("flush the new"))
    }

    fn swap(mut self) -> Result<Swapped, WriteError> {
        let directory = self.place.open_directory()?;
        let name = self.place.name.as_os_str();
        if let Some(temporary) = &self.temporary {
            renameat(&directory, temporary.as_os_str(), &directory, name)
                .map_err(WriteError::when("replace", &self.place.path))?;
        }
        self.temporary = None;
        Ok(Swapped::in_directory(self.place.directory.clone()))
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if let (Some(temporary), Ok(directory)) =
            (self.temporary.take(), self.place.open_directory())
        {
            // What cannot be removed is in nobody's way, and is removed later as a leftover.
            let _ = unlinkat(
                &directory,
                temporary.as_os_str(),
                UnlinkatFlags::NoRemoveDir,
            );
        }
    }
}

impl Place {
    fn of(path: &Path) -> Result<Self, WriteError> {
        let names_a_directory = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        let Some(name) = path
            .file_name()
            .filter(|_| !names_a_directory)
            .map(OsStr::to_owned)
        else {
            return Err(WriteError::new("replace", path, Errno::EISDIR));
        };
        // Without any `.`, which at the end of a link would follow it.
        let directory: PathBuf = path
            .parent()
            .into_iter()
            .flat_map(Path::components)
            .collect();
        let directory = if directory.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            directory
        };
        Ok(Self {
            path: path.to_owned(),
            directory,
            name,
        })
    }

    fn open_directory(&self) -> Result<File, WriteError> {
        let refused = |error: io::Error| match fs::symlink_metadata(&self.directory) {
            Ok(metadata) if metadata.is_symlink() => io::Error::other(format!(
                "its directory {} is a symlink; name the real one",
                self.directory.display()
            )),
            _ => error,
        };
        let flags = (OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC).bits();
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(&self.directory);
        opened.map_err(|error| WriteError::new("write", &self.path, refused(error)))
    }

    /// The file that is there already, if it is one.
    fn open_present(&self) -> Result<Option<(File, Metadata)>, WriteError> {
        let directory = self.open_directory()?;
        match fs::symlink_metadata(&self.path) {
            Ok(metadata) if metadata.is_symlink() => {
                let error = io::Error::other("it is a symlink; name the file that it leads to");
                return Err(WriteError::new("write", &self.path, error));
            }
            Ok(metadata) => {
                safe_read::refuse_special(metadata.file_type())
                    .map_err(WriteError::when("replace", &self.path))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(WriteError::new("read", &self.path, error)),
        }
        self.open_at(&directory, OFlag::O_RDONLY, "read").map(Some)
    }

    /// Opens the file, which may have become something else since it was looked at.
    fn open_at(
        &self,
        directory: &File,
        how: OFlag,
        step: &'static str,
    ) -> Result<(File, Metadata), WriteError> {
        let flags =
            how | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let file = openat(
            directory,
            self.name.as_os_str(),
            flags,
            Mode::S_IRUSR | Mode::S_IWUSR,
        );
        let file = File::from(file.map_err(WriteError::when(step, &self.path))?);
        let metadata = file
            .metadata()
            .map_err(WriteError::when(step, &self.path))?;
        safe_read::refuse_special(metadata.file_type())
            .map_err(WriteError::when("replace", &self.path))?;
        Ok((file, metadata))
    }

    /// Adds to the file, or makes it; says whether it did. What cannot be added as a whole is taken away again.
    fn append(&self, output: &Output, owner: Owner, settled: bool) -> Result<bool, WriteError> {
        let failed = |step| WriteError::when(step, &self.path);
        let directory = self.open_directory()?;
        let flags = OFlag::O_RDWR | OFlag::O_APPEND | OFlag::O_CREAT;
        let (mut file, metadata) = self.open_at(&directory, flags, "append to")?;
        let (content, length) = (output.content.as_bytes(), metadata.len());
        let present = length > 0 && !content.is_empty();
        if settled && present && ends_with(&mut file, length, content).map_err(failed("read"))? {
            return Ok(false);
        }
        file.write_all(content)
            .inspect_err(|_| drop(file.set_len(length)))
            .and_then(|()| give(&file, owner).map_err(io::Error::from))
            .and_then(|()| file.set_permissions(Permissions::from_mode(output.mode)))
            .and_then(|()| file.sync_all())
            .inspect_err(|_| drop(file.set_len(length)))
            .map_err(failed("append to"))?;
        Ok(true)
    }
}

fn ends_with(file: &mut File, length: u64, content: &[u8]) -> io::Result<bool> {
    let Some(start) = length.checked_sub(content.len() as u64) else {
        return Ok(false);
    };
    file.seek(SeekFrom::Start(start))?;
    let mut end = Vec::with_capacity(content.len() + 1);
    file.take(content.len() as u64 + 1).read_to_end(&mut end)?;
    Ok(end == content)
}

fn holds(file: &File, metadata: &Metadata, content: &str) -> io::Result<bool> {
    if metadata.len() != content.len() as u64 {
        return Ok(false);
    }
    let mut held = Vec::with_capacity(content.len() + 1);
    file.take(content.len() as u64 + 1).read_to_end(&mut held)?;
    Ok(held == content.as_bytes())
}

fn is_right(metadata: &Metadata, output: &Output, owner: Owner) -> bool {
    let has_owner = owner.is_none_or(|(user, group)| {
        (metadata.uid(), metadata.gid()) == (user.as_raw(), group.as_raw())
    });
    has_owner && metadata.mode() & 0o7777 == output.mode
}

/// The user and the group that an output names, by name or number. Is only one named, the other is our own.
fn owner(output: &Output) -> io::Result<Owner> {
    let Output { user, group, .. } = output;
    if user.is_empty() && group.is_empty() {
        return Ok(None);
    }
    let number = |text: &str, what: &str| {
        text.parse().map_err(|_| {
            io::Error::other(format!(
                "there is no {what} {text:?}; name one, or give its number"
            ))
        })
    };
    let user = match User::from_name(user)? {
        _ if user.is_empty() => Uid::effective(),
        Some(found) => found.uid,
        None => Uid::from_raw(number(user, "user")?),
    };
    let group = match Group::from_name(group)? {
        _ if group.is_empty() => Gid::effective(),
        Some(found) => found.gid,
        None => Gid::from_raw(number(group, "group")?),
    };
    Ok(Some((user, group)))
}

fn give(file: &File, owner: Owner) -> nix::Result<()> {
    owner.map_or(Ok(()), |(user, group)| {
        fchown(file, Some(user), Some(group))
    })
}

fn fingerprint(content: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
