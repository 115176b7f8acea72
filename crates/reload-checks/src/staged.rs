//! Staged files, and their paths in the tree that is checked.
//!
//! Input: a tree, and staged files with their destinations. Output: [`TreeFiles`], or an error if a
//! destination is not below the tree.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// New content that waits beside its destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedFile {
    /// The file with the new content.
    pub staged: PathBuf,
    /// The file that it will replace or create.
    pub destination: PathBuf,
}

/// A tree that cannot be checked with these staged files.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The tree cannot be read.
    #[error("cannot read the tree {}", tree.display())]
    Unreadable {
        /// The tree.
        tree: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The tree is not a directory, or it is the root directory.
    #[error("the tree {} must be a directory other than /", tree.display())]
    NotADirectory {
        /// The tree.
        tree: PathBuf,
    },
    /// A destination is not below the tree.
    #[error(
        "the destination {} is not below the tree {}: the tree must contain all files of the group",
        destination.display(), tree.display()
    )]
    Outside {
        /// The destination.
        destination: PathBuf,
        /// The tree.
        tree: PathBuf,
    },
    /// A destination is a directory, or ends in one that is not a name.
    #[error("the destination {} is not a file", destination.display())]
    NotAFile {
        /// The destination.
        destination: PathBuf,
    },
    /// Two staged files have the same destination.
    #[error("two staged files have the destination {}", destination.display())]
    Twice {
        /// The destination.
        destination: PathBuf,
    },
}

/// A tree and the paths of staged files in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeFiles {
    /// The absolute path of the tree as configured.
    pub(crate) tree: PathBuf,
    /// Its path without links.
    pub(crate) real: PathBuf,
    /// The files.
    pub(crate) files: Vec<TreeFile>,
}

/// A staged file and its path in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeFile {
    /// The file with the new content.
    pub(crate) staged: PathBuf,
    /// The absolute path of the destination as configured.
    pub(crate) destination: PathBuf,
    /// The path of the destination, relative to the tree. None of its directories is a link.
    pub(crate) relative: PathBuf,
}

impl TreeFiles {
    /// Finds the paths of `files` in `tree`.
    pub(crate) fn find(tree: &Path, files: &[StagedFile]) -> Result<Self, TreeError> {
        let unreadable = |source| TreeError::Unreadable {
            tree: tree.to_owned(),
            source,
        };
        let absolute = std::path::absolute(tree).map_err(unreadable)?;
        let real = fs::canonicalize(tree).map_err(unreadable)?;
        if !real.is_dir() || real == Path::new("/") {
            return Err(TreeError::NotADirectory {
                tree: tree.to_owned(),
            });
        }
        let mut tree_files = Self {
            tree: absolute.components().collect(),
            real,
            files: Vec::with_capacity(files.len()),
        };
        let mut taken = BTreeSet::new();
        for file in files {
            let located = tree_files.locate(file)?;
            if !taken.insert(located.relative.clone()) {
                return Err(TreeError::Twice {
                    destination: located.destination,
                });
            }
            tree_files.files.push(located);
        }
        Ok(tree_files)
    }

    fn locate(&self, file: &StagedFile) -> Result<TreeFile, TreeError> {
        let given = &file.destination;
        let outside = || TreeError::Outside {
            destination: given.clone(),
            tree: self.tree.clone(),
        };
        let not_a_file = || TreeError::NotAFile {
            destination: given.clone(),
        };
        let destination = std::path::absolute(given).map_err(|_| not_a_file())?;
        let name = destination.file_name().ok_or_else(not_a_file)?;
        let parent = destination.parent().ok_or_else(not_a_file)?;
        let directory = without_links(parent).ok_or_else(outside)?;
        if !directory.starts_with(&self.real) {
            return Err(outside());
        }
        let path = directory.join(name);
        // A link to a file in the tree: that file is replaced. Any other link is hidden by the
        // staged file.
        let path = match fs::canonicalize(&path) {
            Ok(real) if real.starts_with(&self.real) => real,
            _ => path,
        };
        if path.is_dir() {
            return Err(not_a_file());
        }
        let relative = path.strip_prefix(&self.real).map_err(|_| outside())?;
        Ok(TreeFile {
            staged: std::path::absolute(&file.staged).unwrap_or_else(|_| file.staged.clone()),
            relative: relative.to_owned(),
            destination,
        })
    }
}

/// Returns the path of a directory without links. Its last components may be missing. Returns `None`
/// if it cannot be found, for example because a missing component is followed by `..`.
fn without_links(directory: &Path) -> Option<PathBuf> {
    if let Ok(real) = fs::canonicalize(directory) {
        return Some(real);
    }
    // A dangling link is not a missing directory.
    if fs::symlink_metadata(directory).is_ok() {
        return None;
    }
    match directory.components().next_back()? {
        Component::Normal(name) => Some(without_links(directory.parent()?)?.join(name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn tree_files(root: &Path, destinations: &[&str]) -> Result<Vec<PathBuf>, TreeError> {
        let files: Vec<_> = destinations
            .iter()
            .map(|name| StagedFile {
                staged: root.join(".staged"),
                destination: root.join(name),
            })
            .collect();
        let found = TreeFiles::find(&root.join("tree"), &files)?;
        Ok(found.files.into_iter().map(|file| file.relative).collect())
    }

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("tree/conf.d")).unwrap();
        root
    }

    #[test]
    fn files_are_found_through_links_and_in_new_directories() {
        let root = tree();
        let path = |name: &str| root.path().join(name);
        fs::write(path("tree/conf.d/a"), "").unwrap();
        fs::write(path("outside"), "").unwrap();
        symlink("conf.d", path("tree/enabled")).unwrap();
        symlink("a", path("tree/conf.d/link")).unwrap();
        symlink("../../outside", path("tree/conf.d/out")).unwrap();
        symlink("tree", path("alias")).unwrap();
        let cases = [
            ("tree/conf.d/a", "conf.d/a"),
            ("tree/conf.d/new", "conf.d/new"),
            ("tree/a/b/new", "a/b/new"),
            ("tree/./conf.d/../conf.d/a", "conf.d/a"),
            ("tree/enabled/a", "conf.d/a"),
            ("tree/conf.d/link", "conf.d/a"),
            ("tree/conf.d/out", "conf.d/out"),
            ("alias/conf.d/a", "conf.d/a"),
        ];
        for (destination, expected) in cases {
            let found = tree_files(root.path(), &[destination]).unwrap();
            assert_eq!(found, [PathBuf::from(expected)], "{destination}");
        }
    }

    #[test]
    fn a_destination_that_is_not_a_file_below_the_tree_is_refused() {
        let root = tree();
        symlink("..", root.path().join("tree/up")).unwrap();
        symlink("nowhere", root.path().join("tree/dangling")).unwrap();
        for outside in [
            "file",
            "tree2/file",
            "tree/up/file",
            "tree/../file",
            "tree/dangling/x",
        ] {
            let error = tree_files(root.path(), &[outside]).unwrap_err();
            assert!(
                matches!(error, TreeError::Outside { .. }),
                "{outside}: {error}"
            );
        }
        for directory in ["tree/conf.d", "tree/conf.d/.."] {
            let error = tree_files(root.path(), &[directory]).unwrap_err();
            assert!(
                matches!(error, TreeError::NotAFile { .. }),
                "{directory}: {error}"
            );
        }
        let twice = tree_files(root.path(), &["tree/a", "tree/conf.d/../a"]).unwrap_err();
        assert!(
            twice
                .to_string()
                .starts_with("two staged files have the destination")
        );
    }

    #[test]
    fn the_tree_must_be_a_directory() {
        let root = tree();
        fs::write(root.path().join("file"), "").unwrap();
        let missing = TreeFiles::find(&root.path().join("none"), &[]).unwrap_err();
        assert!(matches!(missing, TreeError::Unreadable { .. }), "{missing}");
        for tree in [root.path().join("file"), "/".into()] {
            let error = TreeFiles::find(&tree, &[]).unwrap_err();
            assert!(matches!(error, TreeError::NotADirectory { .. }), "{error}");
        }
    }
}
