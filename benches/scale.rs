//! Measures ctmpl with thousands of services or keys, with a real Consul and its default limits. `PEER` is the path of
//! a second program with the same flags. With `STATE=1`, the daemons have a state directory. `scripts/bench scale [ROW…]`
//! runs it.
//!
//! | row | measurement |
//! |---|---|
//! | `once` | `-once`, a loop over 1,000 services of 5 instances: wall time and retries |
//! | `once-crowded` | the same while another client holds 120 of the 200 connections |
//! | `start` | a daemon with this template: the first complete file, and connections |
//! | `change`, `change-tls` | one instance changes: the time from the response to the change until the file has it |
//! | `large` | 10,000 services of 2 instances: start, changes and memory |
//! | `prefix` | a KV prefix of 20,000 keys, one changes |
//! | `keys-4000`, `keys-20000` | a template with single keys: the first complete file |
//! | `idle` | 1,000 services without changes for 30 s: CPU time, and requests at Consul |
//! | `churn` | a change every 50 ms for 60 s over 1,000 services, with another client |
//!
//! Each row has its own Consul. Every load has an end: a number of changes or a time.

#![expect(clippy::print_stdout, reason = "it prints a table")]

#[path = "support/process.rs"]
#[expect(dead_code, reason = "another benchmark needs the rest")]
mod process;
#[path = "support/programs.rs"]
mod programs;
#[path = "../tests/support/mod.rs"]
#[expect(dead_code, reason = "the benchmark needs only a part of it")]
mod support;
#[path = "support/table.rs"]
#[expect(dead_code, reason = "another benchmark needs the rest")]
mod table;
mod scale {
    pub(super) mod catalog;
    pub(super) mod connections;
    pub(super) mod cpu;
    pub(super) mod destination;
    pub(super) mod keys;
    pub(super) mod latencies;
    pub(super) mod load;
    pub(super) mod program;
    pub(super) mod requests;
    pub(super) mod server;
    pub(super) mod services;
}

use scale::program::Program;
use scale::{keys, load, services};
use support::consul::Consul;

/// A row of the table: its name, and the function that measures and prints it.
type Row = (&'static str, fn(&Program));

const ROWS: [Row; 11] = [
    ("once", services::once),
    ("once-crowded", services::once_crowded),
    ("start", services::start),
    ("change", services::change),
    ("change-tls", services::change_tls),
    ("large", services::large),
    ("prefix", keys::prefix),
    ("keys-4000", keys::four_thousand),
    ("keys-20000", keys::twenty_thousand),
    ("idle", load::idle),
    ("churn", load::churn),
];

fn main() {
    // `cargo bench` adds `--bench`.
    let selected: Vec<_> = std::env::args()
        .skip(1)
        .filter(|name| name != "--bench")
        .collect();
    for name in &selected {
        assert!(
            ROWS.iter().any(|row| row.0 == name),
            "there is no row {name}; the rows are {}",
            ROWS.map(|row| row.0).join(", ")
        );
    }
    if !Consul::is_installed() {
        return;
    }
    println!("| row | program | measurement | value |\n|---|---|---|---|");
    for (row, measure) in ROWS {
        if !selected.is_empty() && !selected.iter().any(|name| name == row) {
            continue;
        }
        for (name, path) in programs::programs() {
            measure(&Program::new(row, name, path));
        }
    }
}
