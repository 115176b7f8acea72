//! Finds programs on the `PATH` of this process.
//!
//! A `PATH` in the environment of a command has no effect on which program runs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use nix::unistd::AccessFlags;

/// The usual paths of the shell, if it is not on `PATH`.
const SHELLS: [&str; 2] = ["/bin/sh", "/usr/bin/sh"];

/// Returns the path of a program, or its name if it is not found.
pub(crate) fn locate(program: &str) -> OsString {
    find_on_path(program).map_or_else(|| program.into(), PathBuf::into_os_string)
}

/// Returns the path of the shell: `sh` on `PATH`, otherwise one of its usual paths.
pub(crate) fn locate_shell() -> OsString {
    let usual = || {
        SHELLS
            .into_iter()
            .map(PathBuf::from)
            .find(|path| is_program(path))
    };
    find_on_path("sh")
        .or_else(usual)
        .map_or_else(|| "sh".into(), PathBuf::into_os_string)
}

fn find_on_path(program: &str) -> Option<PathBuf> {
    if program.contains('/') || program.is_empty() {
        return None;
    }
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|directory| directory.join(program))
        .find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.is_file() && nix::unistd::access(path, AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_on_path() {
        assert!(locate("sh").to_string_lossy().ends_with("/sh"));
        assert!(locate_shell().to_string_lossy().ends_with("/sh"));
        for name in ["no-such-program", "./sh", "", "/bin/sh"] {
            assert_eq!(locate(name), OsString::from(name));
        }
    }
}
