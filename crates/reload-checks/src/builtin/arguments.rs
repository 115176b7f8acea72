//! The arguments of the checks.

use std::collections::BTreeSet;
use std::path::Path;

use super::error::CheckError;
use super::program::CheckProgram;

/// A tree as the check sees it.
pub(super) struct ShownTree<'a> {
    /// The path of the tree for the check.
    pub(super) path: &'a str,
    /// `true` if it is the program's own configuration directory.
    pub(super) is_default: bool,
    /// The paths of the main file that are tried, relative to the tree.
    pub(super) main: Vec<String>,
    /// The destinations of the staged files, relative to the tree.
    pub(super) destinations: Vec<&'a Path>,
}

/// Returns the arguments that check a tree. `exists` tells whether the tree has a file or directory
/// at a relative path, a staged one included. Returns `None` if there is no main file.
pub(super) fn of_tree(
    check: CheckProgram,
    tree: &ShownTree<'_>,
    exists: impl Fn(&Path) -> bool,
) -> Option<Vec<String>> {
    let path = |relative: &str| format!("{}/{relative}", tree.path);
    let main = tree.main.iter().find(|main| exists(Path::new(main)));
    match check {
        CheckProgram::Nginx => {
            let mut words = words(&["-t", "-q"]);
            // Relative paths of a private installation belong to its own directory.
            if !tree.is_default {
                words.extend(["-p".to_owned(), format!("{}/", tree.path)]);
            }
            words.extend(["-c".to_owned(), path(main?)]);
            Some(words)
        }
        CheckProgram::Apache => {
            let mut words = words(&["-t", "-d"]);
            words.extend([tree.path.to_owned(), "-f".to_owned(), path(main?)]);
            Some(words)
        }
        CheckProgram::Haproxy => {
            let mut words = words(&["-c", "-f"]);
            match main {
                Some(main) => words.push(path(main)),
                // Without a main file, all `*.cfg` of the directory are the configuration.
                None if exists(Path::new("*.cfg")) => words.push(tree.path.to_owned()),
                None => return None,
            }
            for directory in haproxy_directories(tree, &exists) {
                words.extend(["-f".to_owned(), path(&directory)]);
            }
            Some(words)
        }
    }
}

/// The directories that HAProxy is given besides its main file: `conf.d`, as packages do, and those
/// of the staged `*.cfg` files.
fn haproxy_directories(tree: &ShownTree<'_>, exists: impl Fn(&Path) -> bool) -> BTreeSet<String> {
    let staged = tree
        .destinations
        .iter()
        .filter(|path| is_haproxy_configuration(path));
    let parents = staged.filter_map(|path| path.parent()?.to_str());
    let mut found: BTreeSet<String> = parents
        .filter(|parent| !parent.is_empty())
        .map(str::to_owned)
        .collect();
    if exists(Path::new("conf.d/*.cfg")) {
        found.insert("conf.d".to_owned());
    }
    found
}

/// Returns the arguments that check whole files. `destinations` are those of the staged files.
pub(super) fn of_files(
    check: CheckProgram,
    staged: &[&str],
    destinations: &[&Path],
) -> Result<Vec<String>, CheckError> {
    let several = CheckError::SeveralFiles {
        check,
        count: staged.len(),
    };
    let (before, option): (&[&str], &str) = match check {
        CheckProgram::Nginx => (&["-t", "-q"], "-c"),
        CheckProgram::Haproxy => (&["-c"], "-f"),
        CheckProgram::Apache => (&["-t"], "-f"),
    };
    // Only HAProxy can be given several files.
    let are_parts = check == CheckProgram::Haproxy
        && destinations
            .iter()
            .all(|path| is_haproxy_configuration(path));
    if staged.is_empty() || staged.len() > 1 && !are_parts {
        return Err(several);
    }
    let mut words = words(before);
    for file in staged {
        words.extend([option.to_owned(), (*file).to_owned()]);
    }
    Ok(words)
}

fn is_haproxy_configuration(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "cfg")
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
