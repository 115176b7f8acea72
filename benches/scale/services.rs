//! Rows about services: `-once`, the start of a daemon, and latencies of changes.

use std::time::{Duration, Instant};

use super::catalog::{Catalog, Kind, TEMPLATE};
use super::connections::Connections;
use super::cpu::Cpu;
use super::latencies::{self, LOST, Latencies};
use super::program::{Daemon, Program};
use super::server::Server;
use crate::process;
use crate::support::http;
use crate::table;

const SERVICES: usize = 1000;
const INSTANCES: usize = 5;
const ONCE_RUNS: u32 = 5;
/// The connections that another client holds.
const HELD: usize = 120;
/// The number of changes of each kind: a row has at least the first and ends with the second, or when it takes longer
/// than [`CHANGES_LIMIT`].
const CHANGES: [usize; 2] = [8, 20];
const CHANGES_LIMIT: Duration = Duration::from_secs(120);
/// A program that takes longer to start is given up.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(60);
/// The limit of connections of a daemon.
const CONNECTIONS: usize = 64;

pub(crate) fn once(program: &Program) {
    let server = Server::start();
    measure_once(program, &server, Some(Duration::from_millis(600)));
}

pub(crate) fn once_crowded(program: &Program) {
    let server = Server::start();
    // A query for a missing key blocks.
    let path = "/v1/kv/missing?index=1000000&wait=9m";
    let other: Vec<_> = (0..HELD)
        .map(|_| http::send(server.address(), "GET", path, "").expect("a connection"))
        .collect();
    measure_once(program, &server, None);
    drop(other);
}

fn measure_once(program: &Program, server: &Server, limit: Option<Duration>) {
    let catalog = Catalog::fill(server, SERVICES, INSTANCES);
    let before = process::cpu(server.pid());
    let mut times = Vec::new();
    for _ in 0..ONCE_RUNS {
        let once = program.once(server, TEMPLATE, "warn", START_LIMIT);
        if !once.succeeded {
            return program.print("wall time", "it fails, or takes longer than 60 s !");
        }
        assert_eq!(once.text.lines().count(), catalog.lines());
        times.push(once.took);
    }
    let consul = process::cpu(server.pid()).saturating_sub(before) / ONCE_RUNS;
    times.sort();
    let median = times[times.len() / 2];
    program.print("wall time", &latencies::time(median, limit));
    program.print("CPU of Consul", &latencies::time(consul, None));
    let logged = program.once(server, TEMPLATE, "trace", START_LIMIT);
    program.print("retries", &show_count(logged.retries, Some(0)));
}

pub(crate) fn start(program: &Program) {
    let server = Server::start();
    let catalog = Catalog::fill(&server, SERVICES, INSTANCES);
    let mut daemon = program.start(&server, TEMPLATE);
    let connections = Connections::count(daemon.pid(), server.port());
    let limit = Duration::from_secs(1);
    print_start(program, &server, &mut daemon, catalog.lines(), limit);
    // Long polls begin after the first file.
    std::thread::sleep(Duration::from_secs(10));
    print_connections(program, &connections);
    let memory = process::memory(daemon.pid()).resident;
    program.print("resident memory", &table::mebibytes(memory, None));
}

pub(crate) fn change(program: &Program) {
    let limits = latencies::Limits {
        p50: Duration::from_millis(100),
        p99: Duration::from_secs(2),
    };
    measure_changes(program, &Server::start(), limits);
}

pub(crate) fn change_tls(program: &Program) {
    let limits = latencies::Limits {
        p50: Duration::from_millis(10),
        p99: Duration::from_millis(100),
    };
    measure_changes(program, &Server::start_tls(), limits);
}

fn measure_changes(program: &Program, server: &Server, limits: latencies::Limits) {
    let mut catalog = Catalog::fill(server, SERVICES, INSTANCES);
    let mut daemon = program.start(server, TEMPLATE);
    let connections = Connections::count(daemon.pid(), server.port());
    if print_start(program, server, &mut daemon, catalog.lines(), START_LIMIT) {
        print_changes(program, server, &mut catalog, &mut daemon, limits);
    }
    print_connections(program, &connections);
}

pub(crate) fn large(program: &Program) {
    const SERVICES: usize = 10_000;
    const INSTANCES: usize = 2;
    let server = Server::start();
    let mut catalog = Catalog::fill(&server, SERVICES, INSTANCES);
    let mut daemon = program.start(&server, TEMPLATE);
    let connections = Connections::count(daemon.pid(), server.port());
    let limits = latencies::Limits {
        p50: Duration::from_secs(5),
        p99: Duration::from_secs(5),
    };
    if print_start(program, &server, &mut daemon, catalog.lines(), START_LIMIT) {
        print_changes(program, &server, &mut catalog, &mut daemon, limits);
    }
    print_connections(program, &connections);
    let memory = process::memory(daemon.pid()).resident;
    program.print(
        "resident memory",
        &table::mebibytes(memory, Some(120 * 1024)),
    );
}

/// Waits for the first complete file, and prints the time. Returns `false` if it takes too long.
pub(crate) fn print_start(
    program: &Program,
    server: &Server,
    daemon: &mut Daemon,
    lines: usize,
    limit: Duration,
) -> bool {
    let cpu = Cpu::of(daemon, server);
    let Some(took) = daemon.first_file(lines, START_LIMIT) else {
        program.print("first complete file", "not within 60 s !");
        return false;
    };
    program.print("first complete file", &latencies::time(took, Some(limit)));
    program.print("CPU until then", &latencies::time(cpu.daemon(), None));
    let consul = latencies::time(cpu.consul(), None);
    program.print("CPU of Consul until then", &consul);
    true
}

/// Changes instances one after the other, and prints the latencies.
fn print_changes(
    program: &Program,
    server: &Server,
    catalog: &mut Catalog<'_>,
    daemon: &mut Daemon,
    limits: latencies::Limits,
) {
    std::thread::sleep(Duration::from_secs(5));
    let cpu = Cpu::of(daemon, server);
    let begun = Instant::now();
    let [least, most] = CHANGES;
    let mut by_kind = Kind::ALL.map(|kind| (kind, Latencies::default()));
    let mut rounds = 0;
    while rounds < least || rounds < most && begun.elapsed() < CHANGES_LIMIT {
        rounds += 1;
        for (kind, latencies) in &mut by_kind {
            // At no fixed point of an interval of the program.
            std::thread::sleep(Duration::from_millis(fastrand::u64(50..1000)));
            let effect = catalog.change(*kind);
            let changed = Instant::now();
            let shown = daemon
                .destination
                .wait_until(LOST, |text| effect.is_in(text));
            latencies.add(shown.then(|| changed.elapsed()));
        }
    }
    let spent = [cpu.daemon(), cpu.consul()].map(|spent| table::ratio(cpu.cores(spent), None));
    let mut all = Latencies::default();
    for (kind, latencies) in &by_kind {
        program.print(kind.text(), &latencies.show(None));
        all.extend(latencies);
    }
    program.print("all changes", &all.show(Some(limits)));
    program.print("CPU in cores", &spent[0]);
    program.print("CPU of Consul in cores", &spent[1]);
}

fn print_connections(program: &Program, connections: &Connections) {
    let count = show_count(connections.of_the_daemon(), Some(CONNECTIONS));
    program.print("connections", &count);
    // The benchmark has some of its own.
    let count = show_count(connections.at_consul(), None);
    program.print("connections at Consul, of all clients", &count);
}

pub(crate) fn show_count(count: usize, limit: Option<usize>) -> String {
    table::beside(count, limit, |count| count.to_string())
}
