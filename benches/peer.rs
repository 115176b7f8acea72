//! Measures latency, CPU time and memory of ctmpl with a real Consul, and of a second program with
//! the same flags if `PEER` is its path. `scripts/bench` runs it.
//!
//! | row | measurement |
//! |---|---|
//! | `-once` | one service of five instances: wall time, and peak memory |
//! | one key | a daemon with one key: the time from the response to the PUT until the file has the new value |
//! | one key, with the ledger | the same with a state directory; the other rows have none |
//! | 150 services | the same with 150 services of 5 instances in one loop, in one template |
//! | bytes per waiting poll | the difference of private memory between a daemon with 450 waiting polls and one with 50 |
//!
//! The floor is the fastest possible program: a bare blocking query for the key, then write, fsync
//! and rename. Private memory is `RssAnon`; resident memory is `VmRSS`, which includes pages of the
//! executable. A value above its limit is marked with `!`.

#![expect(clippy::print_stdout, reason = "it prints a table")]

#[path = "support/process.rs"]
mod process;
#[path = "support/programs.rs"]
mod programs;
#[path = "../tests/support/mod.rs"]
#[expect(dead_code, reason = "the benchmark needs only a part of it")]
mod support;
#[path = "support/table.rs"]
mod table;
mod peer {
    pub(super) mod http;
    pub(super) mod limits;
    pub(super) mod measure;
}

use std::net::SocketAddr;

use peer::http;
use peer::limits::{self, Limits};
use peer::measure::{Measured, Setup};
use support::consul::Consul;

const SERVICES: usize = 150;
/// The number of instances of each service.
const INSTANCES: usize = 5;
/// The numbers of polls. The memory of one poll is calculated from the difference.
const POLLS: [usize; 2] = [50, 450];

const ONE_SERVICE: &str =
    "{{ range service \"svc-0\" }}server {{ .Address }}:{{ .Port }};\n{{ end }}";
const ONE_KEY: &str = "{{ key \"bench/value\" }}\n";
const MANY_SERVICES: &str = "{{ key \"bench/value\" }}\n{{ range services }}{{ range service .Name }}\
                    server {{ .Address }}:{{ .Port }}; # {{ .Name }}\n{{ end }}{{ end }}";

fn main() {
    if let [_, flag, run @ ..] = &*std::env::args().collect::<Vec<_>>()
        && flag == process::PEAK_FLAG
    {
        return process::print_peak_of(run);
    }
    if !Consul::is_installed() {
        return;
    }
    // Consul counts a connection until its query's wait is over, even if the client has disconnected.
    // Without a higher limit, it would refuse later daemons.
    let server = Consul::start_with(
        "bench",
        &["-hcl", "limits { http_max_conns_per_client = 4000 }"],
    );
    let folder = tempfile::tempdir().expect("a temporary directory");
    fill(server.address());
    println!(
        "| | program | p50 | floor | of the floor | CPU per change | private memory | resident memory |\n\
         |---|---|---|---|---|---|---|---|"
    );
    for (name, program) in programs::programs() {
        let setup = Setup {
            program,
            consul: server.address(),
            folder: folder.path().to_owned(),
            // The system has no such directory, so nothing is recorded.
            state: "/dev/null/none".into(),
        };
        print_once(&name, &setup);
        print_daemon("one key", &name, &setup, ONE_KEY, limits::ONE_KEY);
        let recorded = Setup {
            state: folder.path().join("state"),
            ..setup.clone()
        };
        let row = "one key, with the ledger";
        print_daemon(row, &name, &recorded, ONE_KEY, limits::ONE_KEY_RECORDED);
        print_daemon(
            "150 services of 5 and one key",
            &name,
            &setup,
            MANY_SERVICES,
            limits::MANY_SERVICES,
        );
        let bytes = bytes_per_poll(&setup);
        println!("| bytes per waiting poll | {name} | | | | | {bytes} | |");
    }
}

fn print_once(name: &str, setup: &Setup) {
    let wall = setup.once(ONE_SERVICE, INSTANCES);
    let peak = setup.peak_of_once(ONE_SERVICE);
    println!(
        "| -once, one service | {name} | {} | | | | | peak {} |",
        table::milliseconds(wall, limits::ONCE.latency),
        table::mebibytes(peak, limits::ONCE.resident),
    );
}

fn print_daemon(row: &str, name: &str, setup: &Setup, template: &str, limits: Limits) {
    // Measure the floor before and after, so that both medians cover the same period.
    let mut floor = setup.floor();
    let Measured {
        latency,
        cpu,
        memory,
    } = setup.daemon(template);
    floor.extend(setup.floor());
    let floor = peer::measure::median(floor);
    println!(
        "| daemon, {row} | {name} | {} | {} | {} | {} | {} | {} |",
        table::milliseconds(latency, limits.latency),
        table::milliseconds(floor, None),
        table::ratio(
            latency.as_secs_f64() / floor.as_secs_f64(),
            limits.of_the_floor
        ),
        table::milliseconds(cpu, limits.cpu),
        table::mebibytes(memory.private, limits.private),
        table::mebibytes(memory.resident, limits.resident),
    );
}

/// Returns the private memory that one more poll needs.
fn bytes_per_poll(setup: &Setup) -> u64 {
    let [few, many] = POLLS.map(|polls| setup.memory_with_polls(polls).private);
    let polls = u64::try_from(POLLS[1] - POLLS[0]).unwrap_or(1);
    many.saturating_sub(few) * 1024 / polls
}

/// Registers the services, and sets the key.
fn fill(consul: SocketAddr) {
    for service in 0..SERVICES {
        for instance in 0..INSTANCES {
            let body = format!(
                r#"{{"Node":"node-{instance}","Address":"10.0.0.{instance}","Service":{{"ID":"svc-{service}-{instance}",
                "Service":"svc-{service}","Tags":["a","b"],"Port":{}}}}}"#,
                8000 + service
            );
            http::put(consul, "/v1/catalog/register", &body);
        }
    }
    http::put(consul, "/v1/kv/bench/value", "begin");
}
