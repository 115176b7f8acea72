//! Measures what the ledger costs for one write: wall time and CPU time, the median and the mean of many.
//!
//! `cargo bench -p apply-ledger --bench record`

#![expect(clippy::print_stdout, reason = "it prints a table")]

use std::path::Path;
use std::time::{Duration, Instant};

use apply_ledger::{Attributes, Ending, Intent, IntentFile, Ledger, LedgerOptions, Old, SwapEnd};
use nix::time::{ClockId, clock_gettime};

const WRITES: usize = 400;

fn main() {
    println!("| write | wall, median | CPU, mean |\n|---|---|---|");
    for size in [20, 20_000] {
        let name = |kind: &str| format!("{size} bytes, {kind}");
        measure(&name("with a command"), size, |ledger, intent| {
            let id = ledger.begin(intent).expect("an intent");
            ledger.swapped(id).expect("a swap");
            ledger.finished(id, Ending::Applied).expect("an end");
        });
        let kind = name("in a group without a command");
        measure(&kind, size, |ledger, intent| {
            let id = ledger.begin(intent).expect("an intent");
            let ends = [(id, SwapEnd::Settled)];
            ledger.swaps_ended(&ends, &[]).expect("an end");
        });
        let kind = name("one file without a command");
        measure(&kind, size, |ledger, intent| {
            let written = std::slice::from_ref(intent);
            ledger.swaps_ended(&[], written).expect("an end");
        });
    }
}

/// Measures one kind of write in a new ledger, and prints its row.
fn measure(name: &str, size: usize, write: impl Fn(&mut Ledger, &Intent<'_>)) {
    let scratch = tempfile::tempdir().expect("a directory");
    let (mut ledger, _) =
        Ledger::open(&scratch.path().join("state"), LedgerOptions::default()).expect("a ledger");
    let mut old = content(0, size);
    let mut times = Vec::with_capacity(WRITES);
    let mut cpu = Duration::ZERO;
    for number in 1..=WRITES {
        let new = content(number, size);
        let intent = Intent {
            group: "/etc/app.conf",
            command: Some("reload"),
            files: vec![IntentFile {
                destination: Path::new("/etc/app.conf"),
                staged: Some(Path::new("/etc/.app.conf.ctmpl-12345678")),
                old: Some(Old::Content(&old)),
                new: &new,
                attributes: Attributes::default(),
            }],
            rolls_back: None,
        };
        let (begun, cpu_before) = (Instant::now(), cpu_time());
        write(&mut ledger, &intent);
        times.push(begun.elapsed());
        cpu += cpu_time().saturating_sub(cpu_before);
        old = new;
    }
    times.sort_unstable();
    let count = u32::try_from(WRITES).unwrap_or(1);
    println!(
        "| {name} | {:.0} µs | {:.0} µs |",
        micros(times[WRITES / 2]),
        micros(cpu / count)
    );
}

fn content(number: usize, size: usize) -> Vec<u8> {
    let line = format!("server 10.0.0.{number};\n");
    line.bytes().cycle().take(size).collect()
}

fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000_000.0
}
