//! The files, directories and links of a copy.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::error::{CopyError, Limits, create_directory};
use super::links::inside;
use super::rewrite::rewrite;
use crate::staged::TreeFiles;

/// The part of a file that tells whether it is a text.
const HEAD: u64 = 8192;

/// Copies the entries of the tree and the staged files into the directory `root`.
pub(super) fn copy(tree_files: &TreeFiles, root: &Path, limits: Limits) -> Result<(), CopyError> {
    let staged = tree_files.files.iter().map(|file| file.relative.as_path());
    let mut copying = Copying {
        tree_files,
        staged: staged.collect(),
        root,
        limits,
        entries: 0,
        bytes: 0,
    };
    let mut open = vec![PathBuf::new()];
    while let Some(directory) = open.pop() {
        copying.directory(&directory, &mut open)?;
    }
    for file in &tree_files.files {
        copying.create_parents(&file.relative)?;
        copying.file(&file.staged, &root.join(&file.relative))?;
    }
    Ok(())
}

/// A copy that is being made.
struct Copying<'a> {
    tree_files: &'a TreeFiles,
    /// The destinations of the staged files, relative to the tree.
    staged: BTreeSet<&'a Path>,
    root: &'a Path,
    limits: Limits,
    /// The number of entries so far.
    entries: usize,
    /// The size of the rewritten files so far.
    bytes: u64,
}

impl Copying<'_> {
    /// Copies the entries of a directory, which is created already. Adds its directories to `open`.
    fn directory(&mut self, relative: &Path, open: &mut Vec<PathBuf>) -> Result<(), CopyError> {
        let path = self.tree_files.real.join(relative);
        let failed = || CopyError::when("read the directory", &path);
        for entry in fs::read_dir(&path).map_err(failed())? {
            let entry = entry.map_err(failed())?;
            self.count()?;
            let relative = relative.join(entry.file_name());
            if self.staged.contains(relative.as_path()) {
                continue;
            }
            let (from, to) = (entry.path(), self.root.join(&relative));
            let kind = entry.file_type().map_err(CopyError::when("read", &from))?;
            if kind.is_symlink() {
                self.link(&path, &from, &to)?;
            } else if kind.is_dir() && self.is_readable(&from, &relative) {
                create_directory(&to)?;
                open.push(relative);
            } else if kind.is_file() {
                self.file(&from, &to)?;
            } else {
                link_to(&from, &to)?;
            }
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), CopyError> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(CopyError::TooManyEntries {
                tree: self.tree_files.tree.clone(),
                limit: self.limits.entries,
            });
        }
        Ok(())
    }

    /// Returns `false` if this user cannot list a directory; then the check cannot either. A
    /// directory with a staged file must be readable.
    fn is_readable(&self, directory: &Path, relative: &Path) -> bool {
        self.staged.iter().any(|file| file.starts_with(relative)) || fs::read_dir(directory).is_ok()
    }

    /// Copies a link: into the copy if it leads into the tree, else to its original.
    fn link(&mut self, directory: &Path, from: &Path, to: &Path) -> Result<(), CopyError> {
        let text = fs::read_link(from).map_err(CopyError::when("read the link", from))?;
        match inside(
            &text,
            directory,
            &self.tree_files.real,
            &self.tree_files.tree,
        ) {
            Some(target) => link_to(&self.root.join(target), to),
            None if fs::metadata(from).is_ok_and(|metadata| metadata.is_file()) => {
                self.file(from, to)
            }
            None => link_to(from, to),
        }
    }

    /// Copies a file with rewritten paths. A file without a path of the tree becomes a link.
    fn file(&mut self, from: &Path, to: &Path) -> Result<(), CopyError> {
        let text = match read_text(from, self.limits.bytes) {
            Ok(Content::Text(text)) => text,
            Ok(Content::TooLarge) => return Err(self.too_large(from)),
            Ok(Content::Binary) => return link_to(from, to),
            // The check cannot read it either.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return link_to(from, to);
            }
            Err(error) => return Err(CopyError::when("read", from)(error)),
        };
        let tree = [&self.tree_files.tree, &self.tree_files.real]
            .map(|path| path.as_os_str().as_encoded_bytes());
        let Some(text) = rewrite(&text, &tree, self.root.as_os_str().as_encoded_bytes()) else {
            return link_to(from, to);
        };
        self.bytes += text.len() as u64;
        if self.bytes > self.limits.bytes {
            return Err(self.too_large(from));
        }
        write_new(to, &text).map_err(CopyError::when("write the copy", to))
    }

    fn too_large(&self, file: &Path) -> CopyError {
        CopyError::TooLarge {
            tree: self.tree_files.tree.clone(),
            file: file.to_owned(),
            limit: self.limits.bytes,
        }
    }

    /// Creates the missing directories of a staged file. None of them may be a link, which would
    /// lead out of the copy.
    fn create_parents(&self, relative: &Path) -> Result<(), CopyError> {
        let mut path = self.root.to_owned();
        for name in relative.parent().into_iter().flatten() {
            path.push(name);
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => {
                    let error = io::ErrorKind::NotADirectory.into();
                    return Err(CopyError::when("create the directory", &path)(error));
                }
                Err(_) => create_directory(&path)?,
            }
        }
        Ok(())
    }
}

/// The content of a file.
enum Content {
    Text(Vec<u8>),
    /// It has a NUL byte near its beginning.
    Binary,
    TooLarge,
}

fn read_text(path: &Path, limit: u64) -> io::Result<Content> {
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)?;
    let mut text = Vec::new();
    (&mut file).take(HEAD).read_to_end(&mut text)?;
    if text.contains(&0) {
        return Ok(Content::Binary);
    }
    file.take(limit.saturating_add(1)).read_to_end(&mut text)?;
    Ok(if text.len() as u64 > limit {
        Content::TooLarge
    } else {
        Content::Text(text)
    })
}

fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600);
    options.open(path)?.write_all(text)
}

fn link_to(target: &Path, path: &Path) -> Result<(), CopyError> {
    symlink(target, path).map_err(CopyError::when("create the link", path))
}
