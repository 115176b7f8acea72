//! What a process costs, as the kernel counts it.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

/// Makes this program run another one and print the peak of its memory, instead of the benchmark.
pub(crate) const PEAK_FLAG: &str = "--peak-of";

/// A process that ends with its measurement, also with one that fails.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The time that all threads of a process have spent on a processor.
pub(crate) fn cpu(process: u32) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("it runs");
    let spent = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(spent.sum())
}

/// Resident memory in KiB.
pub(crate) fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("a line VmRSS");
    line.trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number")
}

/// The highest resident memory of a run to its end, in KiB; measured in a process that has no other child.
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
