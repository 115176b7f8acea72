//! Measures one program.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::http;
use crate::process::{self, Memory, Running};

/// The number of measured changes; the result is their median.
const CHANGES: usize = 60;
const ONCE_RUNS: usize = 30;
/// The pause after the first rendering, so that the daemon is idle.
const SETTLE: Duration = Duration::from_secs(2);

/// The environment of a measurement.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) program: PathBuf,
    pub(crate) consul: SocketAddr,
    /// The folder for templates and destinations.
    pub(crate) folder: PathBuf,
    /// The state directory of daemons.
    pub(crate) state: PathBuf,
}

/// The results of a daemon.
pub(crate) struct Measured {
    pub(crate) latency: Duration,
    /// CPU time per change.
    pub(crate) cpu: Duration,
    pub(crate) memory: Memory,
}

impl Setup {
    /// Returns the median wall time of `-once`.
    pub(crate) fn once(&self, template: &str, lines: usize) -> Duration {
        let arguments = self.once_arguments(template);
        let destination = self.folder.join("once.out");
        let runs = (0..ONCE_RUNS).map(|_| {
            let _ = fs::remove_file(&destination);
            let started = Instant::now();
            let status = Command::new(&arguments[0])
                .args(&arguments[1..])
                .status()
                .expect("it runs");
            let took = started.elapsed();
            assert!(status.success(), "{arguments:?} ended with {status}");
            let text = fs::read_to_string(&destination).unwrap_or_default();
            assert_eq!(text.lines().count(), lines, "{text}");
            took
        });
        median(runs.collect())
    }

    /// Returns the peak memory of `-once`, in KiB.
    pub(crate) fn peak_of_once(&self, template: &str) -> u64 {
        process::peak_of(&self.once_arguments(template))
    }

    fn once_arguments(&self, template: &str) -> Vec<String> {
        let source = self.write_template("once.ctmpl", template);
        let destination = self.folder.join("once.out");
        [
            &self.program.display().to_string(),
            "-once",
            "-consul-addr",
            &self.consul.to_string(),
            "-template",
            &format!("{}:{}", source.display(), destination.display()),
        ]
        .map(ToOwned::to_owned)
        .to_vec()
    }

    /// Measures a daemon whose template prints the key `bench/value`.
    pub(crate) fn daemon(&self, template: &str) -> Measured {
        let destination = self.folder.join("daemon.out");
        let daemon = self.start_daemon(template, &destination);
        http::put(self.consul, "/v1/kv/bench/value", "first");
        await_text(&destination, "first");
        std::thread::sleep(SETTLE);

        let before = process::cpu(daemon.0.id());
        let latencies = (0..CHANGES).map(|change| {
            let value = format!("value-{change}");
            http::put(self.consul, "/v1/kv/bench/value", &value);
            let returned = Instant::now();
            await_text(&destination, &value);
            let took = returned.elapsed();
            std::thread::sleep(Duration::from_millis(30));
            took
        });
        let latency = median(latencies.collect());
        let cpu = process::cpu(daemon.0.id()).saturating_sub(before);
        Measured {
            latency,
            cpu: cpu / u32::try_from(CHANGES).unwrap_or(1),
            memory: process::memory(daemon.0.id()),
        }
    }

    /// Returns the memory of a daemon with this number of waiting polls; each is for a missing key.
    pub(crate) fn memory_with_polls(&self, polls: usize) -> Memory {
        let destination = self.folder.join("polls.out");
        let mut template = String::new();
        for number in 0..polls {
            let _ = writeln!(
                template,
                "{{{{ keyOrDefault \"bench/missing/{number}\" \"none\" }}}}"
            );
        }
        template.push_str("end");
        let daemon = self.start_daemon(&template, &destination);
        await_text(&destination, "end");
        std::thread::sleep(SETTLE);
        process::memory(daemon.0.id())
    }

    fn start_daemon(&self, template: &str, destination: &Path) -> Running {
        let source = self.write_template("daemon.ctmpl", template);
        let _ = fs::remove_file(destination);
        let daemon = Command::new(&self.program)
            .args(["-consul-addr", &self.consul.to_string(), "-template"])
            .arg(format!("{}:{}", source.display(), destination.display()))
            .env("STATE_DIRECTORY", &self.state)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Running(daemon.expect("it runs"))
    }

    /// Returns the latencies of the fastest possible program: a poll that returns, a read, a write,
    /// an fsync and a rename.
    pub(crate) fn floor(&self) -> Vec<Duration> {
        let destination = self.folder.join("floor.out");
        let (follower, ready) = http::follow(
            self.consul,
            "/v1/kv/bench/value",
            destination.clone(),
            CHANGES,
        );
        ready.recv().expect("the follower runs");
        let latencies = (0..CHANGES).map(|change| {
            // The file has the encoded value, because the floor does not include decoding.
            let value = format!("floor-{change:04}-");
            std::thread::sleep(Duration::from_millis(30));
            http::put(self.consul, "/v1/kv/bench/value", &value);
            let returned = Instant::now();
            let encoded =
                base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &value);
            await_text(&destination, &encoded);
            returned.elapsed()
        });
        let latencies = latencies.collect();
        follower.join().expect("the follower ends");
        latencies
    }

    /// Writes a template to a directory of its own. As in production, it has no destinations.
    fn write_template(&self, name: &str, text: &str) -> PathBuf {
        let templates = self.folder.join("templates");
        fs::create_dir_all(&templates).expect("a directory for the templates");
        let path = templates.join(name);
        fs::write(&path, text).expect("a template");
        path
    }
}

fn await_text(destination: &Path, expected: &str) {
    let started = Instant::now();
    while !fs::read_to_string(destination).is_ok_and(|text| text.contains(expected)) {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "{} does not contain {expected} after 30 s",
            destination.display()
        );
        std::thread::sleep(Duration::from_micros(20));
    }
}

pub(crate) fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}
