//! Covers single files and directories by bind mounts.
//!
//! An existing destination is covered by a copy of its staged file. A directory that gets new files
//! is covered by a directory in which each of its entries is mounted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirEntry};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::error::NamespaceError;
use super::new_file::{self, NewFile};
use super::scratch::{Handle, Scratch};
use crate::staged::TreeFiles;

/// Shows the staged files at their destinations.
pub(super) fn cover(
    tree_files: &TreeFiles,
    new: &[NewFile],
    scratch: &Scratch,
) -> Result<(), NamespaceError> {
    let mut files: BTreeMap<PathBuf, &NewFile> = new
        .iter()
        .map(|file| (tree_files.real.join(&file.relative), file))
        .collect();
    let extended: BTreeSet<PathBuf> = files
        .keys()
        .filter(|path| !is_regular(path))
        .filter_map(|path| path.ancestors().skip(1).find(|path| path.is_dir()))
        .map(Path::to_owned)
        .collect();
    // In this order, parents come before their children.
    for (number, directory) in extended.iter().enumerate() {
        extend(directory, &mut files, scratch, number)?;
    }
    for (number, (path, file)) in files.into_iter().enumerate() {
        let copy = scratch.file(&format!("file-{number}"))?;
        file.copy_to(&copy)?;
        Handle::open(&copy)?.bind(&path)?;
    }
    Ok(())
}

fn is_regular(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Covers a directory by one that also has the new files. Takes them from `files`.
fn extend(
    directory: &Path,
    files: &mut BTreeMap<PathBuf, &NewFile>,
    scratch: &Scratch,
    number: usize,
) -> Result<(), NamespaceError> {
    let cover = scratch.directory(&format!("directory-{number}"))?;
    let failed = |error| NamespaceError::when("read", directory)(error);
    let metadata = fs::symlink_metadata(directory).map_err(failed)?;
    let new: Vec<PathBuf> = files
        .keys()
        .filter(|path| !is_regular(path))
        .filter(|path| path.ancestors().skip(1).find(|path| path.is_dir()) == Some(directory))
        .cloned()
        .collect();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A new file hides a link at its place.
        if !new.contains(&entry.path()) {
            mirror(&entry, &cover.join(entry.file_name()))?;
        }
    }
    for path in new {
        let relative = path.strip_prefix(directory).unwrap_or(&path);
        let mut parent = cover.clone();
        for name in relative.parent().into_iter().flatten() {
            parent.push(name);
            new_file::create_directory(&parent, Path::new(""))?;
        }
        if let Some(file) = files.remove(&path) {
            file.copy_to(&cover.join(relative))?;
        }
    }
    new_file::give_attributes(&cover, &metadata)
        .map_err(NamespaceError::when("set the mode of", &cover))?;
    Handle::open(&cover)?.bind(directory)
}

/// Shows an entry of a directory at `path`.
fn mirror(entry: &DirEntry, path: &Path) -> Result<(), NamespaceError> {
    let create = || -> io::Result<bool> {
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            symlink(fs::read_link(entry.path())?, path)?;
        } else if kind.is_dir() {
            fs::create_dir(path)?;
        } else {
            fs::File::create_new(path)?;
        }
        Ok(!kind.is_symlink())
    };
    let needs_mount = create().map_err(NamespaceError::when("create", path))?;
    if needs_mount {
        Handle::open(&entry.path())?.bind(path)?;
    }
    Ok(())
}
