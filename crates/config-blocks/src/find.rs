//! Finds the configuration files of a directory.
//!
//! Input: the path of a file or a directory. Output: the files to read, in order, and the backups and hidden files in the
//! directory.
//!
//! A directory is walked in the order of the names. Every file is a configuration, whatever its extension, except copies
//! that editors and package managers leave behind. Names that begin with a dot are skipped: they are such copies too, or
//! hidden files, or the `..data` of Kubernetes, to which the files themselves are links.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The maximum depth of directories: a symbolic link to a parent directory would never end.
const DEEPEST: usize = 8;

/// The ends of the names of backups.
const BACKUPS: [&str; 8] = [
    "~", "#", ".bak", ".swp", ".orig", ".rej", ".rpmsave", ".rpmnew",
];
/// The extensions with which dpkg renames configuration files: `.dpkg-dist`, `.dpkg-old` and others.
const DPKG: &str = ".dpkg-";

/// The directories and files of version control systems.
const VERSION_CONTROL: [&str; 4] = [".git", ".gitignore", ".hg", ".svn"];

/// The files found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The files to read.
    pub files: Vec<PathBuf>,
    /// Backups of editors and package managers, which are not read.
    pub backups: Vec<PathBuf>,
    /// Files and directories whose names begin with a dot, which are not read, except those that hold no configuration.
    pub hidden: Vec<PathBuf>,
}

/// Finds the files. A file that is named is read, whatever its name.
///
/// # Errors
/// [`Error::Unreadable`]
pub fn find(path: &Path) -> Result<Found, Error> {
    let mut found = Found::default();
    let is_directory = fs::metadata(path).map_err(unreadable(path))?.is_dir();
    if is_directory {
        walk(path, 0, &mut found)?;
    } else {
        found.files.push(path.to_owned());
    }
    Ok(found)
}

fn walk(directory: &Path, depth: usize, found: &mut Found) -> Result<(), Error> {
    if depth == DEEPEST {
        let what = format!(
            "directories are nested more than {DEEPEST} deep; check for a symbolic link to a parent directory"
        );
        return Err(unreadable(directory)(std::io::Error::other(what)));
    }
    let entries = fs::read_dir(directory).map_err(unreadable(directory))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(unreadable(directory))?.file_name());
    }
    names.sort();
    for name in names {
        let path = directory.join(&name);
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            if may_hold_keys(&path, &name) {
                found.hidden.push(path);
            }
        } else if is_backup(&name) {
            found.backups.push(path);
        } else if fs::metadata(&path).map_err(unreadable(&path))?.is_dir() {
            walk(&path, depth + 1, found)?;
        } else {
            found.files.push(path);
        }
    }
    Ok(())
}

/// Returns `true` if a hidden file or directory may hold a configuration. The `..data` of Kubernetes holds the files that
/// are read, through links.
fn may_hold_keys(path: &Path, name: &str) -> bool {
    let is_known = name.starts_with("..") || VERSION_CONTROL.contains(&name) || is_backup(name);
    let has_content = fs::symlink_metadata(path)
        .is_ok_and(|file| file.is_dir() || (file.is_file() && file.len() > 0));
    !is_known && has_content
}

fn is_backup(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    BACKUPS.iter().any(|end| name.ends_with(end)) || name.contains(DPKG)
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    move |source| Error::Unreadable {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_directory_gives_its_files_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().expect("a directory");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("b.d/empty")).expect("directories");
        for name in [
            "b.d/x.json",
            "a.hcl",
            "c.YML",
            "d.toml",
            "a.hcl~",
            "10-base",
            "site.conf",
            ".hidden.hcl",
            "b.hcl.bak",
            "b.hcl.dpkg-dist",
            "b.hcl.rpmnew",
            "#b.hcl#",
        ] {
            fs::write(at(name), "").expect(name);
        }
        let found = find(folder.path()).expect("found");
        assert_eq!(
            found.files,
            [
                "10-base",
                "a.hcl",
                "b.d/x.json",
                "c.YML",
                "d.toml",
                "site.conf"
            ]
            .map(at)
        );
        let backups = [
            "#b.hcl#",
            "a.hcl~",
            "b.hcl.bak",
            "b.hcl.dpkg-dist",
            "b.hcl.rpmnew",
        ];
        assert_eq!(found.backups, backups.map(at));
        fs::write(at(".hidden.hcl"), "once = true").expect("a file");
        fs::write(at(".a.hcl.swp"), "once = true").expect("a file");
        fs::create_dir(at(".git")).expect("a directory");
        fs::create_dir(at(".off")).expect("a directory");
        let hidden = find(folder.path()).expect("found").hidden;
        assert_eq!(hidden, [".hidden.hcl", ".off"].map(at));
        assert_eq!(find(&at("a.hcl~")).expect("named").files, [at("a.hcl~")]);
        assert_eq!(find(&at("b.d/empty")).expect("empty"), Found::default());
    }

    #[test]
    fn a_mounted_config_map_is_read_once() {
        let folder = tempfile::tempdir().expect("a directory");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("..2026_01")).expect("a directory");
        fs::write(at("..2026_01/ct.hcl"), "").expect("a file");
        symlink("..2026_01", at("..data")).expect("a link");
        symlink("..data/ct.hcl", at("ct.hcl")).expect("a link");
        let found = find(folder.path()).expect("found");
        assert_eq!(
            (found.files, found.hidden),
            (vec![at("ct.hcl")], Vec::new())
        );
    }

    #[test]
    fn links_that_lead_nowhere_or_in_circles_are_errors() {
        let folder = tempfile::tempdir().expect("a directory");
        symlink(folder.path(), folder.path().join("up")).expect("a link");
        assert!(
            find(folder.path())
                .expect_err("a circle")
                .to_string()
                .contains("/up/up")
        );
        fs::remove_file(folder.path().join("up")).expect("removed");
        symlink("nowhere", folder.path().join("a.hcl")).expect("a link");
        assert!(
            find(folder.path())
                .expect_err("nowhere")
                .to_string()
                .contains("a.hcl")
        );
        assert!(find(&folder.path().join("none")).is_err());
    }
}
