//! `ctmpl`: parses the command line, runs the command, and returns its exit code.

use std::process::ExitCode;

use ctmpl::commands::{self, Failure};
use ctmpl::{panic_hook, signals};
use ctmpl_options::cli;

fn main() -> ExitCode {
    // Before any thread: the arenas of glibc that exist already would stay.
    malloc_limits::set();
    panic_hook::install();
    // ctmpl starts itself to run a check in a mount namespace, as the reaper of a child process, and
    // once more if it is process 1.
    let role = reload_checks::run_role(std::env::args_os());
    if let Some(code) = role.or_else(|| process_tree::run_role(std::env::args_os())) {
        return ExitCode::from(code);
    }
    // A HUP before the handlers are installed must not end a daemon.
    signals::hold_back();
    let result = cli::parse(std::env::args_os())
        .map_err(Failure::from)
        .and_then(commands::run);
    ExitCode::from(result.unwrap_or_else(|failure| failure.report()))
}
