//! How fast, how small: ctmpl against a real Consul, beside a floor measured in the same run and, if there is one, a
//! peer that understands the same flags. Prints a table. `scripts/bench` runs it.
//!
//! | row | what is measured |
//! |---|---|
//! | once | `-once` with one service of five instances: wall time, and the highest resident memory |
//! | key | a daemon with one key: from the moment the PUT has returned to the moment the file shows the new value |
//! | loop | the same with 150 services of 5 instances in one loop beside the key, in one template |
//! | floor | a bare blocking query on the key, then write, fsync and rename: nothing can be faster |

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[path = "../tests/support/mod.rs"]
#[expect(
    dead_code,
    reason = "the benchmark needs only a part of what the tests share"
)]
mod support;
mod peer {
    pub(super) mod http;
    pub(super) mod process;
}

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use peer::{http, process};
use support::consul::Consul;

const CHANGES: usize = 60;
const ONCE_RUNS: usize = 30;
const SERVICES: usize = 150;
const INSTANCES: usize = 5;

const ONE_SERVICE: &str =
    "{{ range service \"svc-0\" }}server {{ .Address }}:{{ .Port }};\n{{ end }}";
const ONE_KEY: &str = "{{ key \"bench/value\" }}\n";
const MANY: &str = "{{ key \"bench/value\" }}\n{{ range services }}{{ range service .Name }}\
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
    // Consul keeps a connection's slot until its query's wait is over, also when the client is gone: several daemons
    // one after another, each with 151 queries, would be locked out.
    let server = Consul::start_with(
        "bench",
        &["-hcl", "limits { http_max_conns_per_client = 4000 }"],
    );
    let address = server.address();
    let folder = tempfile::tempdir().expect("a folder for the files");
    fill(address);

    println!(
        "| | program | p50 | floor | of the floor | CPU per change | memory |\n|---|---|---|---|---|---|---|"
    );
    for (name, program) in programs() {
        let wall = once(&program, address, folder.path());
        let peak = process::peak_of(&once_arguments(&program, address, folder.path()));
        println!(
            "| -once, one service | {name} | {} | | | | peak {} |",
            milliseconds(wall),
            mebibytes(peak)
        );
        for (row, template) in [
            ("daemon, one key", ONE_KEY),
            ("daemon, 150 services of 5 and one key", MANY),
        ] {
            // The floor of the same minutes: before and after.
            let mut floor = floor(address, folder.path());
            let Measured {
                latency,
                cpu,
                resident,
            } = daemon(&program, address, folder.path(), template);
            floor.extend(self::floor(address, folder.path()));
            let floor = median(floor);
            let ratio = latency.as_secs_f64() / floor.as_secs_f64();
            let [latency, floor, cpu] = [latency, floor, cpu].map(milliseconds);
            println!(
                "| {row} | {name} | {latency} | {floor} | {ratio:.2} | {cpu} | {} |",
                mebibytes(resident)
            );
        }
    }
}

/// ctmpl, and the peer that the environment names.
fn programs() -> Vec<(String, PathBuf)> {
    let mut programs = vec![(
        "ctmpl".to_owned(),
        PathBuf::from(env!("CARGO_BIN_EXE_ctmpl")),
    )];
    if let Some(peer) = std::env::var_os("PEER").filter(|peer| !peer.is_empty()) {
        let peer = PathBuf::from(peer);
        programs.push((
            peer.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            peer,
        ));
    }
    programs
}

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

fn once_arguments(program: &Path, consul: SocketAddr, folder: &Path) -> Vec<String> {
    let template = source(folder, "once.ctmpl");
    fs::write(&template, ONE_SERVICE).expect("a template");
    let destination = folder.join("once.out");
    let template = format!("{}:{}", template.display(), destination.display());
    [
        &program.display().to_string(),
        "-once",
        "-consul-addr",
        &consul.to_string(),
        "-template",
        &template,
    ]
    .map(ToOwned::to_owned)
    .to_vec()
}

/// A template lies in another directory than what is made of it, as it does in real life.
fn source(folder: &Path, name: &str) -> PathBuf {
    let templates = folder.join("templates");
    fs::create_dir_all(&templates).expect("a folder for the templates");
    templates.join(name)
}

fn once(program: &Path, consul: SocketAddr, folder: &Path) -> Duration {
    let arguments = once_arguments(program, consul, folder);
    let runs = (0..ONCE_RUNS).map(|_| {
        let _ = fs::remove_file(folder.join("once.out"));
        let begun = Instant::now();
        let status = Command::new(&arguments[0])
            .args(&arguments[1..])
            .status()
            .expect("it runs");
        let took = begun.elapsed();
        assert!(status.success(), "{arguments:?} ended with {status}");
        assert!(
            fs::read_to_string(folder.join("once.out"))
                .is_ok_and(|text| text.lines().count() == INSTANCES)
        );
        took
    });
    median(runs.collect())
}

struct Measured {
    latency: Duration,
    cpu: Duration,
    resident: u64,
}

fn daemon(program: &Path, consul: SocketAddr, folder: &Path, text: &str) -> Measured {
    let (template, destination) = (source(folder, "daemon.ctmpl"), folder.join("daemon.out"));
    fs::write(&template, text).expect("a template");
    let _ = fs::remove_file(&destination);
    let daemon = Command::new(program)
        .args(["-consul-addr", &consul.to_string(), "-template"])
        .arg(format!("{}:{}", template.display(), destination.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let daemon = process::Running(daemon.expect("it runs"));
    http::put(consul, "/v1/kv/bench/value", "first");
    await_value(&destination, "first");
    // Whatever it does at its start is over.
    std::thread::sleep(Duration::from_secs(2));

    let before = process::cpu(daemon.0.id());
    let latencies = (0..CHANGES).map(|change| {
        let value = format!("value-{change}");
        http::put(consul, "/v1/kv/bench/value", &value);
        let returned = Instant::now();
        await_value(&destination, &value);
        let took = returned.elapsed();
        std::thread::sleep(Duration::from_millis(30));
        took
    });
    let latency = median(latencies.collect());
    let cpu =
        process::cpu(daemon.0.id()).saturating_sub(before) / u32::try_from(CHANGES).unwrap_or(1);
    let resident = process::resident(daemon.0.id());
    Measured {
        latency,
        cpu,
        resident,
    }
}

/// The least that must happen: a poll that is woken, a read, a write, an fsync, a rename.
fn floor(consul: SocketAddr, folder: &Path) -> Vec<Duration> {
    let destination = folder.join("floor.out");
    let (follower, ready) =
        http::follow(consul, "/v1/kv/bench/value", destination.clone(), CHANGES);
    ready.recv().expect("the follower runs");
    let latencies = (0..CHANGES).map(|change| {
        // The value is shown as Consul encodes it: reading it is not part of the floor.
        let value = format!("floor-{change:04}-");
        std::thread::sleep(Duration::from_millis(30));
        http::put(consul, "/v1/kv/bench/value", &value);
        let returned = Instant::now();
        await_value(
            &destination,
            &base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &value),
        );
        returned.elapsed()
    });
    let latencies = latencies.collect();
    follower.join().expect("the follower ends");
    latencies
}

fn await_value(destination: &Path, value: &str) {
    let begun = Instant::now();
    while !fs::read_to_string(destination).is_ok_and(|text| text.contains(value)) {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{} does not come to hold {value}",
            destination.display()
        );
        std::thread::sleep(Duration::from_micros(20));
    }
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

fn mebibytes(kibibytes: u64) -> String {
    format!("{}.{} MiB", kibibytes / 1024, kibibytes % 1024 * 10 / 1024)
}
