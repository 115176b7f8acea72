//! The maximum length of files: a file has one responsibility and can be read in one sitting.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::source_files;

/// The maximum length of a file without its tests, in lines.
const MAX_LINES: usize = 350;

/// Files without a limit, by the end of their path.
const EXCEPTIONS: &[&str] = &[
    // A table with an example for each function.
    "functions/examples.rs",
];

/// Returns the source folders of the workspace.
fn packages() -> Vec<PathBuf> {
    let crates = fs::read_dir("crates").unwrap();
    let crates = crates.map(|entry| entry.unwrap().path().join("src"));
    std::iter::once(PathBuf::from("src"))
        .chain(crates)
        .collect()
}

fn is_test(file: &Path) -> bool {
    let mut parts = file.iter().map(|part| part.to_string_lossy());
    parts.any(|part| part == "tests" || part == "tests.rs")
}

/// Returns the number of lines before the test module.
fn length(file: &Path) -> usize {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("\n#[cfg(test)]\nmod tests {").next();
    code.unwrap_or_default().lines().count()
}

#[test]
fn no_file_is_longer_than_350_lines() {
    let files: Vec<_> = packages()
        .iter()
        .flat_map(|root| source_files(root))
        .filter(|file| !is_test(file))
        .collect();
    assert!(files.len() > 200, "only {} files were found", files.len());
    let is_exception = |file: &&PathBuf| EXCEPTIONS.iter().any(|end| file.ends_with(end));
    let too_long: Vec<_> = files
        .iter()
        .filter(|file| !is_exception(file) && length(file) > MAX_LINES)
        .collect();
    assert!(
        too_long.is_empty(),
        "longer than {MAX_LINES} lines: {too_long:?}"
    );
}
