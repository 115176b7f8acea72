//! The subcommand `ctmpl dev`: what it says, and what it does on a taken port.

use std::net::{SocketAddr, TcpListener};

use regex::Regex;

use crate::support::ctmpl::{Ctmpl, Folder, command, run};
use crate::support::http;

/// A running `ctmpl dev` on a free port.
pub(crate) struct Dev {
    ctmpl: Ctmpl,
    address: SocketAddr,
}

impl Dev {
    /// Starts the server with these arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = command();
        command
            .args(["dev", "--listen", "127.0.0.1:0"])
            .args(arguments);
        let ctmpl = Ctmpl::spawn(command);
        ctmpl.logs("Ctrl-C stops it");
        let pattern = Regex::new(r"listening on http://(\S+) with").unwrap();
        let log = ctmpl.log();
        let address = pattern.captures(&log).unwrap()[1].parse().unwrap();
        Self { ctmpl, address }
    }

    /// Returns the address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

#[test]
fn the_server_says_on_one_line_where_it_listens_what_it_holds_and_how_it_stops() {
    let folder = Folder::new();
    let seed = folder.write(
        "seed.yaml",
        "kv: {a: 1}\nservices: [{name: web}, {name: db}]\ndatacenters: {dc2: {kv: {b: 2, c: 3}}}\n",
    );
    let dev = Dev::start(&["--seed", seed.to_str().unwrap()]);
    let address = dev.address();
    assert_ne!(address.port(), 0);
    let line = format!(
        "the embedded server is listening on http://{address} with 2 services and 3 keys in datacenters dc1, \
         dc2; Ctrl-C stops it"
    );
    let log = dev.ctmpl.log();
    assert!(log.lines().any(|found| found.contains(&line)), "{log}");
    let value = http::get(address, "/v1/kv/a?raw").unwrap();
    assert_eq!(value.body, "1");
}

#[test]
fn a_quiet_level_hides_the_line_and_a_run_with_once_needs_none() {
    let ended = run(["dev", "--listen", "127.0.0.1:0", "--once"]);
    assert_eq!((ended.code(), ended.log.as_str()), (Some(0), ""));
}

#[test]
fn a_taken_port_is_named_with_another_one() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let ended = run(["dev", "--listen", &address.to_string()]);
    assert_ne!(ended.code(), Some(0));
    let next = address.port().wrapping_add(1);
    let line = format!(
        "(ctmpl) cannot listen on {address}: the port is in use (is Consul running?); choose another with --listen \
         127.0.0.1:{next}"
    );
    assert!(ended.log.contains(&line), "{}", ended.log);
    let ended = run(["dev", "--listen", "192.0.2.1:8500"]);
    for part in [
        "192.0.2.1:8500: this host does not have the address",
        "--listen 127.0.0.1:8501",
    ] {
        assert!(ended.log.contains(part), "{}", ended.log);
    }
}

#[test]
fn the_log_shows_when_a_check_changes_its_status() {
    let dev = Dev::start(&[]);
    let target = "/v1/agent/service/register";
    let ttl = r#"{"Name":"web","Check":{"TTL":"100ms","Status":"passing"}}"#;
    let probed = format!(
        r#"{{"Name":"api","Check":{{"TCP":"{}","Interval":"1s"}}}}"#,
        dev.address()
    );
    for body in [ttl, &probed] {
        let answer = http::request(dev.address(), "PUT", target, body).unwrap();
        assert_eq!(answer.status, 200);
    }
    dev.ctmpl.logs("the check service:web is critical");
    dev.ctmpl.logs("the check service:api is passing");
}
