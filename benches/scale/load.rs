//! Rows about a daemon over time: without changes, and with constant changes beside another client.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::catalog::{Catalog, TEMPLATE};
use super::connections::Connections;
use super::cpu::Cpu;
use super::destination::Destination;
use super::latencies::{self, LOST, Latencies};
use super::program::Program;
use super::requests::Requests;
use super::server::Server;
use super::services::{START_LIMIT, print_start, show_count};
use crate::support::http;
use crate::table;

const SERVICES: usize = 1000;
const INSTANCES: usize = 5;
/// The time after the start until a daemon is idle.
const SETTLE: Duration = Duration::from_secs(15);
const IDLE: Duration = Duration::from_secs(30);
/// The duration of the constant changes, and the pause between two of them.
const CHURN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);
/// The limit of requests per second of an idle daemon.
const IDLE_REQUESTS: f64 = 20.0;

pub(crate) fn idle(program: &Program) {
    let server = Server::start();
    let catalog = Catalog::fill(&server, SERVICES, INSTANCES);
    let mut daemon = program.start(&server, TEMPLATE);
    if !print_start(program, &server, &mut daemon, catalog.lines(), START_LIMIT) {
        return;
    }
    std::thread::sleep(SETTLE);
    let cpu = Cpu::of(&daemon, &server);
    let requests = Requests::count(server.address());
    std::thread::sleep(IDLE);
    let [own, consul] = [cpu.daemon(), cpu.consul()].map(|spent| cpu.cores(spent) * 100.0);
    let percent = |value: f64| format!("{value:.2} %");
    program.print("CPU", &table::beside(own, Some(0.5), percent));
    program.print("CPU of Consul", &percent(consul));
    let requests = table::ratio(requests.per_second(), Some(IDLE_REQUESTS));
    program.print("requests per second", &requests);
}

pub(crate) fn churn(program: &Program) {
    let server = Server::start();
    let mut catalog = Catalog::fill(&server, SERVICES, INSTANCES);
    let lines = catalog.lines();
    let mut daemon = program.start(&server, TEMPLATE);
    let connections = Connections::count(daemon.pid(), server.port());
    if !print_start(program, &server, &mut daemon, lines, START_LIMIT) {
        return;
    }
    std::thread::sleep(Duration::from_secs(5));
    let cpu = Cpu::of(&daemon, &server);
    let requests = Requests::count(server.address());
    let client = OtherClient::start(server.address());
    let (changes, made) = channel();
    let latencies = std::thread::scope(|scope| {
        let destination = &mut daemon.destination;
        let follower = scope.spawn(move || follow(destination, &made));
        let begun = Instant::now();
        let mut next = begun;
        while begun.elapsed() < CHURN {
            let (instance, port) = catalog.change_port();
            let _ = changes.send(Change {
                instance,
                port,
                at: Instant::now(),
            });
            next += PAUSE;
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        drop(changes);
        follower.join().expect("the follower ends")
    });
    let [own, consul] = [cpu.daemon(), cpu.consul()].map(|spent| cpu.cores(spent));
    let limits = latencies::Limits {
        p50: Duration::from_secs(2),
        p99: Duration::from_secs(2),
    };
    program.print("changes", &latencies.show(Some(limits)));
    program.print("CPU in cores", &table::ratio(own, Some(0.3)));
    program.print("CPU of Consul in cores", &table::ratio(consul, None));
    let requests = table::ratio(requests.per_second(), None);
    program.print("requests per second", &requests);
    let (answers, refused) = client.end();
    program.print("another client", &answers.show(None));
    let refused = show_count(refused, Some(0));
    program.print("another client, refused requests", &refused);
    let count = show_count(connections.of_the_daemon(), Some(64));
    program.print("connections", &count);
}

/// A change of the port of an instance, and the time when Consul had it.
struct Change {
    instance: String,
    port: u16,
    at: Instant,
}

/// Measures when the file shows each change, or a later one of the same instance.
fn follow(destination: &mut Destination, made: &Receiver<Change>) -> Latencies {
    let mut latencies = Latencies::default();
    let mut waiting: Vec<Change> = Vec::new();
    let mut open = true;
    while open || !waiting.is_empty() {
        loop {
            match made.try_recv() {
                Ok(change) => waiting.push(change),
                Err(error) => {
                    open = error == std::sync::mpsc::TryRecvError::Empty;
                    break;
                }
            }
        }
        if destination.refresh() || waiting.iter().any(|change| change.at.elapsed() > LOST) {
            let now = Instant::now();
            let ports = ports(destination.text());
            waiting.retain(|change| {
                let shown = ports
                    .get(&*change.instance)
                    .is_some_and(|port| *port >= change.port);
                let took = now.saturating_duration_since(change.at);
                if shown || took > LOST {
                    latencies.add(shown.then_some(took));
                }
                !shown && took <= LOST
            });
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    latencies
}

/// Returns the port of each instance in the file.
fn ports(text: &str) -> HashMap<&str, u16> {
    text.lines()
        .filter_map(|line| {
            let (instance, address) = line.split_once(' ')?;
            let port = address.trim_end_matches(';').rsplit(':').next()?;
            Some((instance, port.parse().ok()?))
        })
        .collect()
}

/// A client that sends a request on a new connection ten times a second.
struct OtherClient {
    ended: Arc<AtomicBool>,
    client: JoinHandle<(Latencies, usize)>,
}

impl OtherClient {
    fn start(consul: SocketAddr) -> Self {
        let ended = Arc::<AtomicBool>::default();
        let shared = Arc::clone(&ended);
        let client = std::thread::spawn(move || {
            let (mut served, mut refused) = (Latencies::default(), 0);
            while !shared.load(Ordering::SeqCst) {
                let sent = Instant::now();
                match http::get(consul, "/v1/status/leader") {
                    Ok(answer) if answer.status == 200 => served.add(Some(sent.elapsed())),
                    _ => refused += 1,
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            (served, refused)
        });
        Self { ended, client }
    }

    /// Returns the latencies of the answers, and the number of refused requests.
    fn end(self) -> (Latencies, usize) {
        self.ended.store(true, Ordering::SeqCst);
        self.client.join().expect("the client ends")
    }
}
