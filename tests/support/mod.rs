//! Support code of the integration tests: the binary, real servers, and HTTP requests to them.

#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests: they fail by panicking, and print why a test is skipped"
)]
pub mod backend;
pub mod catalog;
pub mod chroot;
pub mod cluster;
pub mod consul;
pub mod ctmpl;
pub mod datagrams;
pub mod directives;
pub mod documents;
pub mod file_group;
pub mod front;
pub mod haproxy;
pub mod http;
pub mod load;
pub mod mount;
pub mod nginx;
pub mod proxy;
pub mod recorder;
pub mod rendering;
pub mod secured;
pub mod servers;
pub mod session;
pub mod stand_ins;
pub mod transcript;

use std::env;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use consul_dev::{Background, Options, Seed};

/// Returns the path of a server program, if it is installed. `/usr/sbin` and similar directories
/// need not be on `PATH`.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from);
    env::split_paths(&path)
        .chain(system)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
}

/// Returns `true` if these servers are installed. If not, it prints that the test is skipped; with
/// `CTMPL_TEST_SERVERS=required`, the test fails.
pub fn installed(names: &[&str]) -> bool {
    let missing: Vec<_> = names
        .iter()
        .filter(|name| program(name).is_none())
        .collect();
    let required = env::var("CTMPL_TEST_SERVERS").is_ok_and(|value| value == "required");
    assert!(
        missing.is_empty() || !required,
        "CTMPL_TEST_SERVERS=required, but these are not installed: {missing:?}"
    );
    if !missing.is_empty() {
        eprintln!("skipped: these servers are not installed: {missing:?}");
    }
    missing.is_empty()
}

/// Starts the embedded server with this seed and with recording of requests.
pub fn embedded(seed: Seed) -> Background {
    Background::start(Options {
        seed,
        record_requests: 100_000,
        ..Options::default()
    })
    .unwrap()
}

/// Waits until a condition holds.
pub fn eventually(what: &str, holds: impl FnMut() -> bool) {
    within(ctmpl::DEADLINE, what, holds);
}

/// Waits until a condition holds, but at most for `limit`. Returns the time that it took.
pub fn within(limit: Duration, what: &str, mut holds: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds() {
        assert!(
            begun.elapsed() < limit,
            "this did not happen within {limit:?}: {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    begun.elapsed()
}

/// Returns `true` if the process runs. A zombie does not run.
pub fn is_alive(pid: &str) -> bool {
    let status =
        std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    !status.is_empty()
        && !status
            .rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with('Z'))
}

/// Returns a free port on 127.0.0.1, below the range of outgoing connections.
pub fn free_port() -> u16 {
    loop {
        let port = fastrand::u16(10_000..32_000);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Returns the Rust files below a folder, sorted by path.
pub fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Returns an address at which connecting never completes, as if all packets were dropped: connections are not
/// accepted, and the queue is full.
pub fn full_queue() -> (socket2::Socket, Vec<TcpStream>, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        waiting.push(stream);
        assert!(waiting.len() < 64);
    }
    (socket, waiting, address)
}
