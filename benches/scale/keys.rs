//! Rows about keys: a prefix of many keys, and a template with many single keys.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::connections::Connections;
use super::cpu::Cpu;
use super::latencies::{self, LOST, Latencies};
use super::program::Program;
use super::server::{Server, request};
use super::services::{print_start, show_count};
use crate::process;
use crate::table;

const PREFIX: &str = "{{ range ls \"many\" }}{{ .Key }} {{ .Value }};\n{{ end }}";
const PREFIX_KEYS: usize = 20_000;
const CHANGES: u32 = 40;

pub(crate) fn prefix(program: &Program) {
    let server = Server::start();
    fill(&server, PREFIX_KEYS);
    let mut daemon = program.start(&server, PREFIX);
    let limit = Duration::from_secs(1);
    if !print_start(program, &server, &mut daemon, PREFIX_KEYS, limit) {
        return;
    }
    std::thread::sleep(Duration::from_secs(2));
    let cpu = Cpu::of(&daemon, &server);
    let mut latencies = Latencies::default();
    for change in 0..CHANGES {
        let key = fastrand::usize(..PREFIX_KEYS);
        let text = format!("{} changed-{change};", name(key));
        let path = format!("/v1/kv/many/{}", name(key));
        let answer = request(server.address(), "PUT", &path, &format!("changed-{change}"));
        assert_eq!(answer.expect("an answer").body.trim(), "true");
        let changed = Instant::now();
        let shown = daemon
            .destination
            .wait_until(LOST, |file| file.contains(&text));
        latencies.add(shown.then(|| changed.elapsed()));
        std::thread::sleep(Duration::from_millis(100));
    }
    let [own, consul] = [cpu.daemon(), cpu.consul()].map(|spent| spent / CHANGES);
    let limits = latencies::Limits {
        p50: Duration::from_millis(60),
        p99: Duration::from_secs(2),
    };
    program.print("one key changes", &latencies.show(Some(limits)));
    let own = latencies::time(own, Some(Duration::from_millis(25)));
    program.print("CPU per change", &own);
    let consul = latencies::time(consul, None);
    program.print("CPU of Consul per change", &consul);
    let memory = process::memory(daemon.pid());
    let resident = table::mebibytes(memory.resident, Some(30 * 1024));
    program.print("resident memory", &resident);
    program.print("private memory", &table::mebibytes(memory.private, None));
}

pub(crate) fn four_thousand(program: &Program) {
    single_keys(program, 4000, Duration::from_millis(1500));
}

pub(crate) fn twenty_thousand(program: &Program) {
    single_keys(program, 20_000, Duration::from_secs(6));
}

fn single_keys(program: &Program, keys: usize, limit: Duration) {
    let server = Server::start();
    fill(&server, keys);
    let mut template = String::new();
    for key in 0..keys {
        let _ = writeln!(template, "{{{{ key \"many/{}\" }}}}", name(key));
    }
    let mut daemon = program.start(&server, &template);
    let connections = Connections::count(daemon.pid(), server.port());
    print_start(program, &server, &mut daemon, keys, limit);
    let memory = process::memory(daemon.pid()).resident;
    program.print("resident memory", &table::mebibytes(memory, None));
    // The first file may be complete before the first count.
    std::thread::sleep(Duration::from_secs(1));
    let count = show_count(connections.of_the_daemon(), Some(64));
    program.print("connections", &count);
}

/// Stores keys below one prefix.
fn fill(server: &Server, keys: usize) {
    let operations: Vec<_> = (0..keys)
        .map(|key| {
            let value = STANDARD.encode(format!("value-{key}"));
            let key = format!("many/{}", name(key));
            json!({ "KV": { "Verb": "set", "Key": key, "Value": value } })
        })
        .collect();
    server.transact(&operations);
}

fn name(key: usize) -> String {
    format!("{key:05}")
}
