//! CPU time and memory of a process, from the kernel.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// The flag that makes this program run another one and print its peak memory.
pub(crate) const PEAK_FLAG: &str = "--peak-of";

/// A running process. Dropping it kills the process.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the CPU time of a process: of all its threads, also of those that have ended.
pub(crate) fn cpu(process: u32) -> Duration {
    let process = Pid::from_raw(i32::try_from(process).expect("a process ID"));
    let clock = clock_getcpuclockid(process).expect("it runs");
    clock_gettime(clock).expect("it runs").into()
}

/// The memory of a process in KiB.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// `RssAnon`: memory that the process has allocated.
    pub(crate) private: u64,
    /// `VmRSS`: allocated memory and mapped files, such as the executable.
    pub(crate) resident: u64,
}

pub(crate) fn memory(process: u32) -> Memory {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let field = |name: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .expect("a field of the status");
        line.trim()
            .trim_end_matches(" kB")
            .parse()
            .expect("a number")
    };
    Memory {
        private: field("RssAnon:"),
        resident: field("VmRSS:"),
    }
}

/// Runs a program to its end and returns its peak resident memory in KiB. A separate process measures
/// it, because the kernel reports the maximum of all children.
pub(crate) fn peak_of(arguments: &[String]) -> u64 {
    let own = std::env::current_exe().expect("the benchmark's own path");
    let output = Command::new(own)
        .arg(PEAK_FLAG)
        .args(arguments)
        .output()
        .expect("it runs");
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .expect("a number")
}

pub(crate) fn print_peak_of(run: &[String]) {
    let status = Command::new(&run[0])
        .args(&run[1..])
        .stdout(Stdio::null())
        .status()
        .expect("it runs");
    assert!(status.success(), "{run:?} ended with {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage of children");
    println!("{}", usage.max_rss());
}
