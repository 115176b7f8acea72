//! Prepares a built-in check.

use std::fs;
use std::path::{Path, PathBuf};

use super::arguments::{ShownTree, of_files, of_tree};
use super::defaults;
use super::error::CheckError;
use super::program::CheckProgram;
use crate::locate::locate;
use crate::shadow::{ShadowError, ShadowOptions, ShadowTree};
use crate::staged::{StagedFile, TreeFiles};

/// The check of an installed program. It can be used again and again.
#[derive(Clone, Debug)]
pub struct BuiltinCheck {
    pub(super) check: CheckProgram,
    pub(super) program: PathBuf,
    /// The program's own configuration directory and its main file.
    pub(super) default: Option<(PathBuf, PathBuf)>,
}

/// A command that checks staged files.
#[derive(Debug)]
pub struct PreparedCheck {
    /// The program and its arguments, to be executed without a shell.
    pub words: Vec<String>,
    /// The shadow tree that the command sees; `None` if the files are whole configurations. Keep it
    /// until the command has ended.
    pub shadow: Option<ShadowTree>,
}

impl BuiltinCheck {
    /// Finds the program on `PATH` or in the directories for system programs, and asks it for its
    /// configuration directory.
    ///
    /// # Errors
    /// [`CheckError::NotInstalled`].
    pub fn find(check: CheckProgram) -> Result<Self, CheckError> {
        let names = check.names();
        let program = locate(names).ok_or_else(|| CheckError::NotInstalled {
            check,
            programs: names.join(", "),
        })?;
        let default = match check {
            CheckProgram::Nginx => defaults::nginx_main(&defaults::version(&program))
                .and_then(|main| Some((main.parent()?.to_owned(), main))),
            CheckProgram::Apache => defaults::apache_main(&defaults::version(&program)),
            CheckProgram::Haproxy => {
                Some(("/etc/haproxy".into(), "/etc/haproxy/haproxy.cfg".into()))
            }
        };
        Ok(Self {
            check,
            program,
            default,
        })
    }

    /// Prepares the check of `files`. `tree` is the configured tree, if any; else it is the
    /// program's own configuration directory, if all files are below it. It blocks as
    /// [`ShadowTree::prepare`] does.
    ///
    /// # Errors
    /// [`CheckError`] if the tree cannot be shadowed or has no main file, or if the files are
    /// several whole configurations.
    pub fn prepare(
        &self,
        tree: Option<&Path>,
        files: &[StagedFile],
        options: &ShadowOptions,
    ) -> Result<PreparedCheck, CheckError> {
        let default = self.default.as_ref().map(|(tree, _)| tree.as_path());
        let is_below = |tree: &&Path| tree.is_dir() && TreeFiles::find(tree, files).is_ok();
        let Some(tree) = tree.or_else(|| default.filter(is_below)) else {
            let texts: Vec<_> = files
                .iter()
                .map(|file| text(&file.staged))
                .collect::<Result<_, _>>()?;
            let destinations: Vec<_> = files
                .iter()
                .map(|file| file.destination.as_path())
                .collect();
            return Ok(PreparedCheck {
                words: self.command(of_files(self.check, &texts, &destinations)?)?,
                shadow: None,
            });
        };
        let shadow = ShadowTree::prepare(tree, files, options)?;
        let words = self.command(self.arguments_of_tree(tree, files, &shadow)?)?;
        Ok(PreparedCheck {
            words: shadow.command(words),
            shadow: Some(shadow),
        })
    }

    /// Returns the arguments for a tree. The shadow shows the same directory.
    fn arguments_of_tree(
        &self,
        tree: &Path,
        files: &[StagedFile],
        shadow: &ShadowTree,
    ) -> Result<Vec<String>, CheckError> {
        let tree_files = TreeFiles::find(tree, files).map_err(ShadowError::from)?;
        let is_default = self.default.as_ref().is_some_and(|(default, _)| {
            fs::canonicalize(default).is_ok_and(|default| default == tree_files.real)
        });
        let main = self.main_files(is_default);
        let shown = ShownTree {
            path: shadow.tree(),
            is_default,
            main,
            destinations: tree_files
                .files
                .iter()
                .map(|file| file.relative.as_path())
                .collect(),
        };
        let exists = |path: &Path| {
            let is_staged = |pattern: &Path| {
                shown
                    .destinations
                    .iter()
                    .any(|staged| matches(pattern, staged))
            };
            is_staged(path) || has(&tree_files.real, path)
        };
        of_tree(self.check, &shown, exists).ok_or_else(|| CheckError::NoMainFile {
            check: self.check,
            tree: tree.to_owned(),
            expected: shown.main.join(", "),
        })
    }

    /// The names of the main file in a tree, the most likely one first.
    fn main_files(&self, is_default: bool) -> Vec<String> {
        let own = self
            .default
            .as_ref()
            .and_then(|(tree, main)| main.strip_prefix(tree).ok()?.to_str());
        let usual: &[&str] = match self.check {
            CheckProgram::Nginx => &["nginx.conf", "conf/nginx.conf"],
            CheckProgram::Haproxy => &["haproxy.cfg"],
            CheckProgram::Apache => &["apache2.conf", "conf/httpd.conf", "httpd.conf"],
        };
        let mut names: Vec<String> = own.map(str::to_owned).into_iter().collect();
        if !is_default || names.is_empty() {
            names.extend(usual.iter().map(|name| (*name).to_owned()));
            names.dedup();
        }
        names
    }

    fn command(&self, arguments: Vec<String>) -> Result<Vec<String>, CheckError> {
        let mut words = vec![text(&self.program)?.to_owned()];
        words.extend(arguments);
        Ok(words)
    }
}

/// Returns `true` if a directory has a file at a relative path, whose name may be `*.cfg`.
fn has(directory: &Path, path: &Path) -> bool {
    let path = directory.join(path);
    let Some(parent) = path.parent().filter(|_| path.ends_with("*.cfg")) else {
        return path.exists();
    };
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .any(|file| matches(&path, &file))
}

/// Returns `true` if a path is `pattern`, whose name may be `*.cfg`.
fn matches(pattern: &Path, path: &Path) -> bool {
    let is_hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
    if pattern.ends_with("*.cfg") {
        return path.parent() == pattern.parent()
            && path.extension().is_some_and(|extension| extension == "cfg")
            && !path.file_name().is_some_and(is_hidden);
    }
    path == pattern
}

fn text(path: &Path) -> Result<&str, ShadowError> {
    path.to_str().ok_or_else(|| ShadowError::NotUnicode {
        path: path.to_owned(),
    })
}
