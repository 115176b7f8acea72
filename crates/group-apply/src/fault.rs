//! Points at which a test stops the process, as a crash would.

/// Kills the process if `CTMPL_FAULT_POINT` names this point. Release builds have no such points.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    if std::env::var_os("CTMPL_FAULT_POINT").is_some_and(|wanted| wanted == name) {
        let _ = kill(Pid::this(), Signal::SIGKILL);
    }
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub fn point(_: &str) {}
