//! Finds the programs of servers.

use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

/// Directories that often are not on the `PATH` of a service or a user.
const SYSTEM: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Returns the path of the first of these programs that is installed.
pub(crate) fn locate(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories: Vec<PathBuf> = std::env::split_paths(&path)
        .chain(SYSTEM.map(PathBuf::from))
        .filter(|directory| directory.is_absolute())
        .collect();
    names.iter().find_map(|name| {
        let paths = directories.iter().map(|directory| directory.join(name));
        paths.into_iter().find(|path| is_program(path))
    })
}

fn is_program(path: &Path) -> bool {
    path.is_file() && access(path, AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_installed_program_is_found() {
        let found = locate(&["no-such-program", "sh"]).unwrap();
        assert!(found.is_absolute() && found.ends_with("sh"));
        assert_eq!(locate(&["no-such-program"]), None);
    }
}
