//! The other roles of the ctmpl executable: [`reaper`], [`init`] and
//! [exec shim](super::exec_shim).
//!
//! Input: the command line of the process. Output: the exit code, if the process has one of these roles.

use std::ffi::OsString;
use std::future::Future;
use std::io;

use super::reaper::ReaperArgs;
use super::{exec_shim, init, reaper};
use crate::exit_code;

/// Runs the role that the command line asks for; `None` if this is an ordinary ctmpl process.
pub fn run(arguments: impl Iterator<Item = OsString>) -> Option<u8> {
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
    Some(runtime.block_on(role).unwrap_or(exit_code::CANNOT_EXECUTE))
}
