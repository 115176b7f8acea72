//! More services than connections: ticks announce changes, and short requests find them.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use consul_dev::{Seed, Service};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::consul::Consul;
use crate::support::ctmpl::{Ctmpl, Folder};
use crate::support::{embedded, eventually, http, installed, within};

const SERVICES: usize = 150;
/// The limit of connections.
const CONNECTIONS: usize = 16;
/// A change is found within half a minute even if ticks come without a pause; here they do not.
const SOON: Duration = Duration::from_secs(10);

/// Each instance on its own line: service, node, address, port, tags.
const TEMPLATE: &str = "{{ range services }}{{ range service .Name }}{{ .Name }} {{ .Node }} {{ .Address }}:{{ .Port }} \
                        {{ .Tags }}\n{{ end }}{{ end }}";

/// A catalog of services on two nodes.
struct Catalog(SocketAddr);

impl Catalog {
    fn send(&self, path: &str, body: &Value) {
        let answer = http::request(self.0, "PUT", path, &body.to_string()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Registers an instance with a check.
    fn register(&self, service: usize, node: usize, port: u16, status: &str) {
        let name = format!("s{service}");
        let id = format!("{name}-{node}");
        let body = json!({
            "Node": format!("n{node}"), "Address": format!("10.0.0.{node}"),
            "Service": { "ID": id, "Service": name, "Port": port, "Tags": ["v1"] },
            "Check": { "CheckID": format!("{id}-check"), "Name": "check", "ServiceID": id, "Status": status },
        });
        self.send("/v1/catalog/register", &body);
    }
}

/// The number of open connections to a port of this host, also of those that only the server has open.
fn connections_at(port: u16) -> usize {
    let local = format!("0100007F:{port:04X}");
    let (established, close_wait) = ("01", "08");
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.get(1).is_some_and(|address| *address == local))
        .filter(|fields| [established, close_wait].contains(&fields[3]))
        .count()
}

#[test]
fn every_kind_of_change_is_found_with_few_connections() {
    if !installed(&["consul"]) {
        return;
    }
    let consul = Consul::start();
    let catalog = Catalog(consul.address());
    for service in 0..SERVICES {
        (1..3).for_each(|node| catalog.register(service, node, 8000, "passing"));
    }
    let folder = Folder::new();
    folder.write("in", TEMPLATE);
    let limit = format!("--consul-max-connections={CONNECTIONS}");
    let template = folder.template("in", "out", "");
    let ctmpl = Ctmpl::start(consul.address(), ["-template", &template, &limit]);
    // The agent itself is an instance of the service `consul`.
    let lines = 2 * SERVICES + 1;
    folder.eventually("out", "whole", |text| text.lines().count() == lines);

    let mut most = 0;
    let mut becomes = |what: &str, holds: &dyn Fn(&str) -> bool| {
        within(SOON, what, || {
            most = most.max(connections_at(consul.address().port()));
            holds(&folder.read("out"))
        });
    };
    catalog.register(70, 1, 9001, "passing");
    becomes("another port", &|text| {
        text.contains("s70 n1 10.0.0.1:9001")
    });
    catalog.register(99, 2, 8000, "critical");
    becomes("a critical check", &|text| !text.contains("s99 n2 "));
    catalog.register(99, 2, 8000, "passing");
    becomes("a passing check", &|text| text.contains("s99 n2 "));
    let gone = json!({ "Node": "n1", "ServiceID": "s120-1" });
    catalog.send("/v1/catalog/deregister", &gone);
    becomes("an instance less", &|text| !text.contains("s120 n1 "));
    let unchecked = json!({
        "Node": "n3", "Address": "10.0.0.3",
        "Service": { "ID": "s5-3", "Service": "s5", "Port": 1, "Tags": ["v2"] },
    });
    catalog.send("/v1/catalog/register", &unchecked);
    becomes("an instance without a check", &|text| {
        text.contains("s5 n3 10.0.0.3:1 [v2]")
    });
    catalog.send(
        "/v1/catalog/register",
        &json!({ "Node": "n3", "Address": "10.0.0.33" }),
    );
    becomes("another address of a node", &|text| {
        text.contains("s5 n3 10.0.0.33:1")
    });
    catalog.register(SERVICES, 1, 7, "passing");
    becomes("another service", &|text| {
        text.contains(&format!("s{SERVICES} n1 "))
    });
    // Registering uses a connection, too.
    assert!(most <= CONNECTIONS + 1, "{most} connections");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

/// They name the services that have changed. The tests of the schedule show that these are asked for first.
#[test]
fn the_nodes_are_read_when_services_have_changed() {
    let instance = |number: usize| {
        let service = Service::new(&format!("s{number:03}"));
        service.node(&format!("n{}", number % 2)).port(8000)
    };
    let seed = (0..SERVICES)
        .map(instance)
        .fold(Seed::default(), Seed::service);
    let consul = embedded(seed);
    let folder = Folder::new();
    folder.write("in", TEMPLATE);
    let limit = format!("--consul-max-connections={CONNECTIONS}");
    let template = folder.template("in", "out", "");
    let ctmpl = Ctmpl::start(consul.address(), ["-template", &template, &limit]);
    folder.eventually("out", "whole", |text| text.lines().count() >= SERVICES);
    let are_read = || {
        let is_read = |node: &str| !consul.faults().requests(node).is_empty();
        is_read("/v1/catalog/node/n0") && is_read("/v1/catalog/node/n1")
    };
    eventually("the nodes are read", are_read);
    for port in 9001..9004 {
        consul.faults().forget_requests();
        consul.register(instance(99).port(port));
        let shown = format!(":{port} ");
        folder.eventually("out", "current", |text| text.contains(&shown));
        eventually("the nodes are read again", are_read);
    }
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn restarts_in_quick_succession_do_not_take_more_and_more_connections() {
    if !installed(&["consul"]) {
        return;
    }
    let consul = Consul::start();
    let catalog = Catalog(consul.address());
    for service in 0..SERVICES {
        catalog.register(service, 1, 8000, "passing");
    }
    let folder = Folder::new();
    folder.write("in", TEMPLATE);
    let template = folder.template("in", "out", "");
    let mut most = 0;
    for round in 0..6 {
        let port = 9000 + round;
        catalog.register(3, 1, port, "passing");
        let ctmpl = Ctmpl::start(consul.address(), ["-template", &template]);
        folder.eventually("out", "current", |text| {
            text.contains(&format!("s3 n1 10.0.0.1:{port}"))
        });
        most = most.max(connections_at(consul.address().port()));
        ctmpl.signal(Signal::SIGKILL);
        drop(ctmpl);
    }
    // Consul accepts 200 from one address.
    assert!(most < 150, "{most} connections");
}

/// The limit and the number of queries with which each query has a long poll of its own.
const FEW: (usize, usize) = (13, 8);

/// Consul keeps the connections of long polls whose process has gone. Each process added its own to them.
#[test]
fn long_polls_of_successive_processes_stay_within_the_limit_together() {
    if !installed(&["consul"]) {
        return;
    }
    let (limit, services) = FEW;
    let consul = Consul::start();
    let port = consul.address().port();
    let catalog = Catalog(consul.address());
    let folder = Folder::new();
    let call = |n: usize| format!("{{{{ range service \"s{n}\" }}}}{{{{ .Port }}}}\n{{{{ end }}}}");
    let calls: Vec<_> = (0..services).map(call).collect();
    folder.write("in", &calls.concat());
    let arguments = [
        format!("--template={}", folder.template("in", "out", "")),
        format!("--consul-max-connections={limit}"),
        format!("--state-dir={}", folder.path("state").display()),
    ];
    let mut most = 0;
    let mut becomes = |what: &str, holds: &dyn Fn() -> bool| {
        within(Duration::from_secs(20), what, || {
            most = most.max(connections_at(port));
            holds()
        });
    };
    let register = |port: u16| (0..services).for_each(|n| catalog.register(n, 1, port, "passing"));
    let all = |port: u16| format!("{port}\n").repeat(services);
    register(1);
    let signals = [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGKILL];
    for (round, signal) in (1..).zip(signals) {
        fs::remove_file(folder.path("out")).ok();
        let ctmpl = Ctmpl::start(consul.address(), &arguments);
        becomes("the first file", &|| folder.read("out") == all(round));
        // A process that has run for some seconds has long polls of some seconds.
        let longer = format!("[8000,{services}]");
        becomes("longer polls", &|| {
            folder.read("state/connections").contains(&longer)
        });
        // Each poll begins again.
        register(round + 1);
        becomes("the changes", &|| folder.read("out") == all(round + 1));
        ctmpl.signal(signal);
        ctmpl.ends();
    }
    // Registering uses a connection, too.
    assert!(most <= limit + 1, "{most} connections");
}

#[test]
fn a_server_that_freezes_is_left_for_the_next_address() {
    if !installed(&["consul"]) {
        return;
    }
    let servers = [Consul::start(), Consul::start()];
    for (server, text) in servers.iter().zip(["first", "second"]) {
        crate::support::catalog::put(server.address(), "which", text);
    }
    let folder = Folder::new();
    folder.write("in", "{{ key \"which\" }}");
    let addresses = format!("{},{}", servers[0].address(), servers[1].address());
    let template = folder.template("in", "out", "");
    let ctmpl = Ctmpl::start(addresses, ["-template", &template]);
    folder.becomes("out", "first");
    servers[0].signal(nix::sys::signal::Signal::SIGSTOP);
    let took = within(Duration::from_secs(15), "the second server answers", || {
        folder.read("out") == "second"
    });
    servers[0].signal(nix::sys::signal::Signal::SIGCONT);
    assert!(took > Duration::from_secs(1), "the first server was in use");
    assert_eq!(ctmpl.stop().code(), Some(12));
}
