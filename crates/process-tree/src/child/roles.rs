//! The other roles of the executable: [`reaper`], [`init`] and [exec shim](super::exec_shim).
//!
//! Input: the command line of the process. Output: the exit code, if the process has one of these
//! roles.

use std::ffi::OsString;
use std::future::Future;
use std::io;

use super::exit::CANNOT_EXECUTE;
use super::reaper::ReaperArgs;
use super::{exec_shim, init, reaper};

/// Runs the role that the command line selects. Returns the exit code of the process, or `None` if
/// this is an ordinary process of the program.
///
/// Call this first in `main`, with [`std::env::args_os`]. The reaper of a child process is the
/// executable itself, started with `--reap-child`. In a container, process 1 receives all orphans.
/// If this process is process 1, it starts the program again as its child, forwards signals and
/// reaps.
pub fn run_role(arguments: impl Iterator<Item = OsString>) -> Option<u8> {
    let words: Vec<OsString> = arguments.collect();
    let first = words.get(1).and_then(|word| word.to_str());
    match first {
        Some(reaper::FLAG) => {
            let arguments = ReaperArgs::parse(&words[2..]).ok()?;
            block_on(reaper::run(arguments))
        }
        Some(exec_shim::FLAG) => Some(exec_shim::run(&words[2..])),
        _ if std::process::id() == 1 => block_on(init::run(&words)),
        _ => None,
    }
}

fn block_on(role: impl Future<Output = io::Result<u8>>) -> Option<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    Some(runtime.block_on(role).unwrap_or(CANNOT_EXECUTE))
}
