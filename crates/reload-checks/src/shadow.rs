//! Shadow trees: what a check sees instead of a tree, with the staged files in place.
//!
//! Input: a tree and staged files. Output: a [`ShadowTree`], with the command line and the paths for
//! the check. The real tree is never changed.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::copy::{CopyError, Limits, TreeCopy};
use crate::namespace::Mounts;
use crate::role::{Availability, Launcher, probe};
use crate::staged::{StagedFile, TreeError, TreeFiles};

/// How staged files are shown in their tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The check runs in a mount namespace of its own, and sees the tree at its own path.
    Namespace(Mounts),
    /// The check sees a copy of the tree at another path.
    Copy,
}

impl fmt::Display for Method {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespace(mounts) => write!(out, "mount namespace ({mounts})"),
            Self::Copy => write!(out, "copy of the tree"),
        }
    }
}

/// How shadow trees are made.
#[derive(Clone, Debug)]
pub struct ShadowOptions {
    /// The executable that enters a mount namespace; `None`: always copy the tree.
    pub launcher: Option<Launcher>,
    /// The directory for copies.
    pub scratch: PathBuf,
    /// The program in the names of copies.
    pub program: &'static str,
    /// The limits of a copy.
    pub limits: Limits,
}

impl ShadowOptions {
    /// Creates options with this process's own executable, and copies in the directory for
    /// temporary files.
    #[must_use]
    pub fn of(program: &'static str) -> Self {
        Self {
            launcher: Some(Launcher::own()),
            scratch: std::env::temp_dir(),
            program,
            limits: Limits::default(),
        }
    }
}

/// A tree that could not be shadowed.
#[derive(Debug, thiserror::Error)]
pub enum ShadowError {
    /// The tree cannot be checked with these staged files.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A mount namespace is not possible, and the tree cannot be copied.
    #[error("cannot copy the tree {} for the check ({reason})", tree.display())]
    Copy {
        /// The tree.
        tree: PathBuf,
        /// The reason for which no mount namespace is used.
        reason: String,
        /// The cause.
        source: CopyError,
    },
    /// A path is not valid UTF-8.
    #[error("the path {} is not valid UTF-8", path.display())]
    NotUnicode {
        /// The path.
        path: PathBuf,
    },
}

/// A tree with staged files in place, for one check. Dropping it removes its files.
#[derive(Debug)]
pub struct ShadowTree {
    method: Method,
    tree: String,
    staged: Vec<String>,
    /// The words before the check's own.
    prefix: Vec<String>,
    reason: Option<String>,
    _copy: Option<TreeCopy>,
}

impl ShadowTree {
    /// Prepares a shadow of `tree` in which `files` are at their destinations. It blocks for some
    /// milliseconds, and for a copy as long as reading the tree takes.
    ///
    /// # Errors
    /// [`ShadowError`] if a destination is not below the tree, or if there is no way to shadow it.
    pub fn prepare(
        tree: &Path,
        files: &[StagedFile],
        options: &ShadowOptions,
    ) -> Result<Self, ShadowError> {
        let tree_files = TreeFiles::find(tree, files)?;
        let reason = match attempt(&tree_files, options) {
            Ok((launcher, mounts)) => return Self::namespace(&tree_files, launcher, mounts),
            Err(reason) => reason,
        };
        let copy = TreeCopy::create(
            &tree_files,
            &options.scratch,
            options.program,
            options.limits,
        )
        .map_err(|source| ShadowError::Copy {
            tree: tree_files.tree.clone(),
            reason: reason.clone(),
            source,
        })?;
        let staged = tree_files.files.iter();
        let staged = staged.map(|file| text(&copy.root().join(&file.relative)));
        Ok(Self {
            method: Method::Copy,
            tree: text(copy.root())?,
            staged: staged.collect::<Result<_, _>>()?,
            prefix: Vec::new(),
            reason: Some(reason),
            _copy: Some(copy),
        })
    }

    fn namespace(
        tree_files: &TreeFiles,
        launcher: &Launcher,
        mounts: Mounts,
    ) -> Result<Self, ShadowError> {
        let words = launcher.command(&tree_files.tree, &absolute(tree_files), []);
        let destinations = tree_files.files.iter().map(|file| text(&file.destination));
        Ok(Self {
            method: Method::Namespace(mounts),
            tree: text(&tree_files.tree)?,
            staged: destinations.collect::<Result<_, _>>()?,
            prefix: words
                .iter()
                .map(|word| text(Path::new(word)))
                .collect::<Result<_, _>>()?,
            reason: None,
            _copy: None,
        })
    }

    /// How the staged files are shown, for the log.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The reason for which no mount namespace is used, for the log.
    pub fn fallback_reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The path of the tree for the check.
    pub fn tree(&self) -> &str {
        &self.tree
    }

    /// The paths of the staged files for the check, in the order of the files.
    pub fn staged(&self) -> &[String] {
        &self.staged
    }

    /// The command line that runs `check`, a program and its arguments, so that it sees the shadow.
    /// If that fails, the command ends with [`CANNOT_CHECK`](crate::CANNOT_CHECK).
    pub fn command(&self, check: impl IntoIterator<Item = String>) -> Vec<String> {
        self.prefix.iter().cloned().chain(check).collect()
    }
}

/// Tries the namespace with these files. Returns the reason if it is not possible.
fn attempt<'a>(
    tree_files: &TreeFiles,
    options: &'a ShadowOptions,
) -> Result<(&'a Launcher, Mounts), String> {
    let launcher = options
        .launcher
        .as_ref()
        .ok_or("mount namespaces are not used")?;
    let availability = if *launcher == Launcher::own() {
        probe().clone()
    } else {
        launcher.probe()
    };
    match availability {
        Availability::Available => {}
        Availability::Unavailable(reason) => return Err(reason),
    }
    let mounts = launcher.attempt(&tree_files.tree, &absolute(tree_files))?;
    Ok((launcher, mounts))
}

/// The staged files with absolute paths, because a check may have another working directory.
fn absolute(tree_files: &TreeFiles) -> Vec<StagedFile> {
    let files = tree_files.files.iter().map(|file| StagedFile {
        staged: file.staged.clone(),
        destination: file.destination.clone(),
    });
    files.collect()
}

fn text(path: &Path) -> Result<String, ShadowError> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| ShadowError::NotUnicode {
            path: path.to_owned(),
        })
}
