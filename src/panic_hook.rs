//! The report of a panic, which is a bug in ctmpl.
//!
//! The text of a panic may quote values from Consul, so the report has only the place.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write as _};
use std::panic;
use std::thread;

/// Reports each panic as the event `process.panicked`, or on stderr before the log is started.
pub fn install() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        let place = place.unwrap_or_else(|| "an unknown place".to_owned());
        let thread = thread::current();
        let thread = thread.name().unwrap_or("without a name");
        if tracing::dispatcher::has_been_set() {
            tracing::error!(
                name: "process.panicked", place, thread,
                "internal error: ctmpl panicked at {place} (thread {thread}); please report this bug"
            );
        } else {
            let _ = writeln!(
                io::stderr(),
                "ctmpl: internal error: it panicked at {place}; please report this bug"
            );
        }
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            let _ = writeln!(io::stderr(), "{backtrace}");
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    /// Set in the process that panics.
    const VARIABLE: &str = "CTMPL_TEST_PANIC";

    #[test]
    fn the_report_of_a_panic_names_the_place_and_not_the_text() {
        if let Ok(secret) = std::env::var(VARIABLE) {
            super::install();
            panic!("{secret}");
        }
        let test = std::env::current_exe().unwrap();
        let output = Command::new(test)
            .args(["the_report_of_a_panic", "--nocapture"])
            .env(VARIABLE, "a secret value")
            .output()
            .unwrap();
        let report = String::from_utf8_lossy(&output.stderr);
        assert!(
            report.contains("it panicked at src/panic_hook.rs:"),
            "{report}"
        );
        assert!(!report.contains("a secret value"), "{report}");
    }
}
