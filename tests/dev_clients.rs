//! Consul's own clients against `ctmpl dev` and against a real Consul: equal results.
//!
//! Input: the scripts in `dev_clients/`, the binary, and a real agent if `consul` is on `PATH`. Output:
//! each step has the same result on both, after IDs, indexes, certificates and times are blurred.
//!
//! A script has one step per line:
//!
//! | step | meaning |
//! |---|---|
//! | `METHOD TARGET [BODY]` | sends a request |
//! | `consul ARGUMENTS` | runs Consul's command line |
//! | `save NAME POINTER` | keeps a value of the last answer as `$NAME` |
//! | `wakes TARGET METHOD TARGET [BODY]` | sends a blocking query for the first target, then the request; the query returns |
//! | `until TARGET TEXT` | sends a request until the answer contains the text |
//! | `serve` / `fail` | the service at `$PORT` succeeds / fails |

mod blur;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::Duration;

use blur::Blur;
use serde_json::Value;

use crate::dev_command::Dev;
use crate::support::backend::Backend;
use crate::support::consul::Consul;
use crate::support::{http, within};

/// The time limit of a step. A TTL of Consul's sessions ends after 20 s.
const LIMIT: Duration = Duration::from_secs(45);

/// The time that a blocking query must wait before the write.
const QUIET: Duration = Duration::from_millis(150);

/// A server, and what is known from earlier steps.
struct Session {
    address: SocketAddr,
    blur: Blur,
    values: BTreeMap<String, String>,
    last: String,
    backend: Backend,
    // Held, so that no other program listens on the port.
    _closed: TcpListener,
}

impl Session {
    fn new(address: SocketAddr, ports: [u16; 3]) -> Self {
        let backend = Backend::start("backend");
        // A listener without a backlog that is never accepted would still connect, so the port is
        // bound by a socket that does not listen.
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let socket = socket.unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(&any.into()).unwrap();
        let closed: TcpListener = socket.into();
        let values = [
            ("PORT", backend.port().to_string()),
            ("CLOSED", closed.local_addr().unwrap().port().to_string()),
        ];
        Self {
            address,
            blur: Blur::new(
                address,
                ports,
                [backend.port(), closed.local_addr().unwrap().port()],
            ),
            values: values.map(|(name, value)| (name.to_owned(), value)).into(),
            last: String::new(),
            backend,
            _closed: closed,
        }
    }

    /// Makes one step. Returns its blurred result.
    fn step(&mut self, line: &str) -> String {
        let mut line = line.to_owned();
        for (name, value) in &self.values {
            line = line.replace(&format!("${name}"), value);
        }
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match verb {
            "consul" => self.consul(rest),
            "save" => self.save(rest),
            "until" => self.until(rest),
            "wakes" => self.wakes(rest),
            "serve" | "fail" => {
                self.backend.set_healthy(verb == "serve");
                String::new()
            }
            method => self.request(method, rest),
        }
    }

    fn request(&mut self, method: &str, rest: &str) -> String {
        let (target, body) = rest.split_once(' ').unwrap_or((rest, ""));
        let answer = http::request(self.address, method, target, body).unwrap();
        self.last.clone_from(&answer.body);
        let shown = [
            "Content-Type",
            "X-Consul-Reason",
            "X-Consul-Effective-Consistency",
            "Allow",
        ];
        let headers = shown
            .into_iter()
            .filter_map(|name| Some(format!("{name}: {}", answer.header(name)?)));
        let headers: Vec<String> = headers.collect();
        let has_index = answer.header("X-Consul-Index").is_some();
        let body = self.blur.body(&answer.body);
        format!("{} {headers:?} index: {has_index}\n{body}", answer.status)
    }

    fn consul(&mut self, arguments: &str) -> String {
        // As in a shell, quotes keep words together.
        let pieces = arguments.split('\'').enumerate();
        let words = pieces.flat_map(|(at, piece)| {
            if at % 2 == 1 {
                vec![piece]
            } else {
                piece.split_whitespace().collect()
            }
        });
        let output = Command::new("consul")
            .args(words)
            .env("CONSUL_HTTP_ADDR", self.address.to_string())
            .env_remove("CONSUL_HTTP_TOKEN")
            .output()
            .unwrap();
        let text = |bytes: &[u8]| self.blur.text(&String::from_utf8_lossy(bytes));
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        format!("{:?}\n{out}\n{err}", output.status.code())
    }

    fn save(&mut self, rest: &str) -> String {
        let (name, pointer) = rest.split_once(' ').unwrap();
        let body: Value = serde_json::from_str(&self.last).unwrap();
        let value = body.pointer(pointer).and_then(Value::as_str);
        let value = value.unwrap_or_else(|| panic!("no {pointer} in {body}"));
        self.values.insert(name.to_owned(), value.to_owned());
        String::new()
    }

    fn wakes(&mut self, rest: &str) -> String {
        let (target, write) = rest.split_once(' ').unwrap();
        let before = http::get(self.address, target).unwrap();
        let query = match before.header("X-Consul-Contenthash") {
            Some(hash) => format!("{target}?hash={hash}&wait=5m"),
            None => format!("{target}?index={}&wait=5m", before.index()),
        };
        let mut query = http::send(self.address, "GET", &query, "").unwrap();
        assert!(query.is_silent_for(QUIET), "{target} does not block");
        let (method, rest) = write.split_once(' ').unwrap();
        let written = self.request(method, rest);
        let answer = query.answer(LIMIT).unwrap();
        let body = self.blur.body(&answer.body);
        format!("{written}\n{} {body}", answer.status)
    }

    fn until(&mut self, rest: &str) -> String {
        let (target, text) = rest.split_once(' ').unwrap();
        within(LIMIT, rest, || {
            let answer = http::get(self.address, target).unwrap();
            answer.body.contains(text)
        });
        String::new()
    }
}

/// Runs a script on both servers and compares each step.
fn compare(script: &str) {
    if !Consul::is_installed() {
        return;
    }
    let dev = Dev::start(&[]);
    let consul = Consul::start_with("dev", &[]);
    let mut sessions = [
        Session::new(dev.address(), [8300, 8301, 8302]),
        Session::new(consul.address(), consul.other_ports()),
    ];
    let steps = script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut differences = Vec::new();
    let mut count = 0;
    for step in steps {
        count += 1;
        let [embedded, real] = sessions.each_mut().map(|session| session.step(step));
        if embedded != real {
            differences.push(format!(
                "== {step}\n-- ctmpl dev: {embedded}\n-- consul:    {real}"
            ));
        }
    }
    assert!(count > 10, "only {count} steps");
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

#[test]
fn keys_and_locks_are_equal() {
    compare(include_str!("dev_clients/keys.txt"));
}

#[test]
fn transactions_are_equal() {
    compare(include_str!("dev_clients/transactions.txt"));
}

#[test]
fn sessions_are_equal() {
    compare(include_str!("dev_clients/sessions.txt"));
}

#[test]
fn services_and_sidecar_proxies_are_equal() {
    compare(include_str!("dev_clients/services.txt"));
}

#[test]
fn running_checks_are_equal() {
    compare(include_str!("dev_clients/checks.txt"));
}

#[test]
fn members_and_certificates_are_equal() {
    compare(include_str!("dev_clients/cluster.txt"));
}
