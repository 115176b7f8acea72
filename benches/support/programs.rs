//! The programs that a benchmark measures.

use std::path::{Path, PathBuf};

/// Returns ctmpl, and the program in `PEER` if it is set.
pub(crate) fn programs() -> Vec<(String, PathBuf)> {
    let own = Path::new(env!("CARGO_BIN_EXE_ctmpl"));
    let mut programs = vec![("ctmpl".to_owned(), own.to_owned())];
    if let Some(peer) = std::env::var_os("PEER").filter(|peer| !peer.is_empty()) {
        let peer = PathBuf::from(peer);
        let name = peer.file_name().unwrap_or_default();
        programs.push((format!("{} (PEER)", name.to_string_lossy()), peer));
    }
    programs
}
