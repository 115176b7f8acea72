//! Which files a `-config` means.
//!
//! in:  the path of a file or a directory
//! out: the files to read, in order, and those of the directory that are left alone
//!
//! A directory is walked in the order of the names. What begins with a dot is not looked at: editors put their copies
//! there, and Kubernetes its `..data`, to which the files themselves are links.

use std::fs;
use std::path::{Path, PathBuf};

use super::Format;
use crate::config::error::ConfigError;

/// How deep directories are walked: a link that leads back up would never end.
const DEEPEST: usize = 8;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::config) struct Found {
    /// The files to read.
    pub(in crate::config) files: Vec<PathBuf>,
    /// Files whose names do not say that they are configuration.
    pub(in crate::config) left: Vec<PathBuf>,
}

/// Finds the files.
pub(in crate::config) fn find(path: &Path) -> Result<Found, ConfigError> {
    let mut found = Found::default();
    let is_directory = fs::metadata(path).map_err(unreadable(path))?.is_dir();
    if is_directory {
        walk(path, 0, &mut found)?;
    } else {
        // Whoever names a file wants it, whatever it is called.
        found.files.push(path.to_owned());
    }
    Ok(found)
}

fn walk(directory: &Path, depth: usize, found: &mut Found) -> Result<(), ConfigError> {
    if depth == DEEPEST {
        let what = format!(
            "directories lie more than {DEEPEST} deep in one another; does a link lead back up?"
        );
        return Err(unreadable(directory)(std::io::Error::other(what)));
    }
    let entries = fs::read_dir(directory).map_err(unreadable(directory))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(unreadable(directory))?.file_name());
    }
    names.retain(|name| !name.as_encoded_bytes().starts_with(b"."));
    names.sort();
    for name in names {
        let path = directory.join(name);
        let known = Format::of_name(&path).is_some();
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => walk(&path, depth + 1, found)?,
            Ok(_) if known => found.files.push(path),
            Err(error) if known => return Err(unreadable(&path)(error)),
            Ok(_) | Err(_) => found.left.push(path),
        }
    }
    Ok(())
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> ConfigError + '_ {
    move |source| ConfigError::Unreadable {
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
            "README",
            ".hidden.hcl",
            "b.hcl.bak",
        ] {
            fs::write(at(name), "").expect(name);
        }
        let found = find(folder.path()).expect("found");
        assert_eq!(
            found.files,
            ["a.hcl", "b.d/x.json", "c.YML", "d.toml"].map(at)
        );
        assert_eq!(found.left, ["README", "a.hcl~", "b.hcl.bak"].map(at));
        assert_eq!(find(&at("README")).expect("named").files, [at("README")]);
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
        assert_eq!(find(folder.path()).expect("found").files, [at("ct.hcl")]);
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
