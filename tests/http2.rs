//! HTTP/2 over TLS, if the server supports it: many long polls share a few connections.

use std::fs;

use crate::support::ctmpl::{Ctmpl, Folder};
use crate::support::haproxy::Haproxy;
use crate::support::secured::{Secured, authority, certificate};
use crate::support::{eventually, free_port, installed};
use consul_dev::{Background, Seed};

/// The number of queries that share a connection.
const SHARING: usize = 90;

/// Returns the number of connections to this address of 127.0.0.1.
fn connections_to(address: &str) -> usize {
    const ESTABLISHED: &str = "01";
    let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
    let remote = format!("0100007F:{port:04X}");
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    table
        .lines()
        .filter(|line| {
            line.split_whitespace()
                .skip(2)
                .take(2)
                .eq([remote.as_str(), ESTABLISHED])
        })
        .count()
}

/// More queries than Consul allows streams on a connection, and more than it accepts connections
/// from one client.
const MANY: usize = 300;

#[test]
fn hundreds_of_long_polls_share_a_few_connections() {
    if !installed(&["consul"]) {
        return;
    }
    let consul = Secured::start();
    for key in 0..MANY {
        consul.put(&format!("many-{key}"), "old");
    }
    let folder = Folder::new();
    let keys: Vec<_> = (0..MANY)
        .map(|key| format!("{{{{ key \"many-{key}\" }}}}"))
        .collect();
    folder.write("in", &keys.join(" "));
    let token = format!("-consul-token={}", consul.token().secret);
    let template = folder.template("in", "out", "");
    let flags = [
        consul.known(),
        vec![token, "-template".to_owned(), template],
    ]
    .concat();
    let ctmpl = Ctmpl::start(consul.https("localhost"), flags);
    folder.eventually("out", "whole", |text| text.matches("old").count() == MANY);
    eventually("every query waits", || {
        ctmpl.log_count("is polled") >= 2 * MANY
    });
    // Ninety queries share a connection; connections that are not needed are closed.
    let address = consul.https("127.0.0.1");
    eventually("few connections are left", || {
        connections_to(&address) == MANY.div_ceil(SHARING)
    });
    // Changes arrive without delay on every connection.
    for key in (0..MANY).step_by(37).chain([MANY - 1]) {
        consul.put(&format!("many-{key}"), &format!("new-{key}."));
        folder.eventually("out", "changed", |text| {
            text.contains(&format!("new-{key}."))
        });
    }
    assert_eq!(ctmpl.stop().code(), Some(12));
}

/// More queries than HAProxy allows streams on a connection; each has its own key.
const KEYS: usize = 130;

/// HAProxy with TLS in front of the embedded server. ctmpl polls through it.
struct Scene {
    folder: Folder,
    consul: Background,
    port: u16,
}

impl Scene {
    fn new() -> Self {
        let folder = Folder::new();
        authority(&folder.path(""));
        certificate(&folder.path(""), "-server");
        let [certificate, key] = ["dc1-server-consul-0.pem", "dc1-server-consul-0-key.pem"]
            .map(|name| folder.read(name));
        folder.write("both.pem", &(certificate + &key));
        let keys: Vec<_> = (0..KEYS)
            .map(|key| format!("{{{{ key \"many-{key}\" }}}}"))
            .collect();
        folder.write("in", &keys.join(" "));
        let seed = (0..KEYS).fold(Seed::default(), |seed, key| {
            seed.key(&format!("many-{key}"), "old")
        });
        Self {
            folder,
            consul: crate::support::embedded(seed),
            port: free_port(),
        }
    }

    /// Returns the configuration of a frontend with these protocols at a port.
    fn front(&self, port: u16, protocols: &str) -> String {
        let (certificate, behind) = (self.folder.path("both.pem"), self.consul.address());
        format!(
            "listen p{port}\n bind 127.0.0.1:{port} ssl crt {} alpn {protocols}\n server consul {behind}\n",
            certificate.display()
        )
    }

    fn haproxy(&self, sections: &str) -> Haproxy {
        let defaults =
            "defaults\n mode http\n timeout connect 5s\n timeout client 10m\n timeout server 10m\n";
        self.folder
            .write("haproxy.cfg", &format!("{defaults}{sections}"));
        Haproxy::start(&self.folder, "haproxy.cfg")
    }

    fn address(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    fn start(&self) -> Ctmpl {
        let authority = format!(
            "-consul-ssl-ca-cert={}",
            self.folder.path("consul-agent-ca.pem").display()
        );
        Ctmpl::start(
            self.address(),
            [
                "-template",
                &self.folder.template("in", "out", ""),
                &authority,
            ],
        )
    }

    fn becomes_whole(&self) {
        self.folder
            .eventually("out", "whole", |text| text.matches("old").count() == KEYS);
    }

    /// Asserts that every query receives a change.
    fn receives_changes(&self) {
        for key in 0..KEYS {
            self.consul.put_key(&format!("many-{key}"), "new");
        }
        self.folder
            .eventually("out", "changed", |text| text.matches("new").count() == KEYS);
    }
}

#[test]
fn a_server_that_drops_http2_is_polled_over_http1() {
    if !installed(&["consul", "haproxy"]) {
        return;
    }
    let scene = Scene::new();
    let haproxy = scene.haproxy(&scene.front(scene.port, "h2,http/1.1"));
    let ctmpl = scene.start();
    scene.becomes_whole();
    eventually("they share connections", || {
        connections_to(&scene.address()) == KEYS.div_ceil(SHARING)
    });

    drop(haproxy);
    let _haproxy = scene.haproxy(&scene.front(scene.port, "http/1.1"));
    scene.receives_changes();
    let connections = connections_to(&scene.address());
    assert!(connections <= 64, "{connections}: the limit of connections");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_balancer_in_front_of_servers_with_and_without_http2_works() {
    if !installed(&["consul", "haproxy"]) {
        return;
    }
    let scene = Scene::new();
    let [new, old] = [free_port(), free_port()];
    let balancer = format!(
        "listen balancer\n mode tcp\n balance roundrobin\n bind 127.0.0.1:{}\n server new 127.0.0.1:{new}\n server old 127.0.0.1:{old}\n",
        scene.port
    );
    let fronts = scene.front(new, "h2,http/1.1") + &scene.front(old, "http/1.1");
    let _haproxy = scene.haproxy(&(balancer + &fronts));
    let ctmpl = scene.start();
    scene.becomes_whole();
    // All queries, or a tick if the latest connection was one without HTTP/2.
    eventually("a poll waits", || {
        scene.consul.faults().open_requests("/v1/kv/") > 0
    });
    scene.receives_changes();
    assert_eq!(ctmpl.stop().code(), Some(12));
}
