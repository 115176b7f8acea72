//! The programs that a benchmark measures.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns ctmpl, and the program in `PEER` if it is set.
pub(crate) fn programs() -> Vec<(String, PathBuf)> {
    let mut programs = vec![("ctmpl".to_owned(), installed())];
    if let Some(peer) = std::env::var_os("PEER").filter(|peer| !peer.is_empty()) {
        let peer = PathBuf::from(peer);
        let name = peer.file_name().unwrap_or_default();
        programs.push((format!("{} (PEER)", name.to_string_lossy()), peer));
    }
    programs
}

/// Copies ctmpl, as an installation does, and returns the path of the copy. A linker writes the parts of a program in any
/// order, so its pages are apart in memory, and a change takes up to a third more CPU time.
fn installed() -> PathBuf {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-ctmpl");
    // A program that is running cannot be overwritten.
    let _ = fs::remove_file(&copy);
    fs::copy(env!("CARGO_BIN_EXE_ctmpl"), &copy).expect("a copy of ctmpl");
    copy
}
