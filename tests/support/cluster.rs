//! A cluster of three real Consul servers on loopback, for one test.
//!
//! Input: the `consul` program. Output: three servers on different addresses of 127.0.0.0/8 with
//! the usual ports; all are voters.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{http, program, within};

/// The time limit for the election of a leader.
const START_TIMEOUT: Duration = Duration::from_secs(40);
const PORTS: [u16; 4] = [8300, 8301, 8302, 8500];

/// Three servers. Dropping the value kills them.
pub struct Cluster {
    servers: Vec<Server>,
    directory: TempDir,
}

struct Server {
    ip: Ipv4Addr,
    process: Option<Child>,
}

impl Cluster {
    /// Starts the servers, and waits for a leader and three voters.
    pub fn start() -> Self {
        let servers = free_addresses().map(|ip| Server { ip, process: None });
        let mut cluster = Self {
            servers: servers.into(),
            directory: tempfile::tempdir().unwrap(),
        };
        for place in 0..3 {
            cluster.launch(place);
        }
        within(START_TIMEOUT, "three servers agree on a leader", || {
            cluster.servers.iter().all(|one| voters(one.http()) == 3)
        });
        cluster
    }

    /// Returns the HTTP address of a server.
    pub fn address(&self, place: usize) -> SocketAddr {
        self.servers[place].http()
    }

    /// Returns all addresses as a value of `--consul-addr`, starting with this server.
    pub fn addresses_from(&self, first: usize) -> String {
        let all: Vec<_> = (0..3)
            .map(|place| self.address((first + place) % 3).to_string())
            .collect();
        all.join(",")
    }

    /// Returns the index of the leader.
    pub fn leader(&self) -> usize {
        let mut found = None;
        within(START_TIMEOUT, "the cluster has a leader", || {
            let alive = self
                .servers
                .iter()
                .filter(|server| server.process.is_some());
            let mut answers =
                alive.filter_map(|server| http::get(server.http(), "/v1/status/leader").ok());
            found = answers.find_map(|answer| {
                self.servers.iter().position(|server| {
                    server.process.is_some()
                        && answer.body.contains(&format!("\"{}:8300\"", server.ip))
                })
            });
            found.is_some()
        });
        found.unwrap()
    }

    /// Kills a server, like a crash.
    pub fn kill(&mut self, place: usize) {
        self.servers[place].kill();
    }

    /// Starts a server again with its data.
    pub fn launch(&mut self, place: usize) {
        let folder = self.directory.path().join(place.to_string());
        let join: Vec<_> = self
            .servers
            .iter()
            .map(|server| format!("-retry-join={}", server.ip))
            .collect();
        let server = &mut self.servers[place];
        server.process = Some(launch(server.ip, &format!("s{place}"), &folder, &join));
    }
}

impl Server {
    fn http(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(self.ip), 8500)
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.kill());
            drop(process.wait());
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn launch(ip: Ipv4Addr, node: &str, folder: &Path, join: &[String]) -> Child {
    std::fs::create_dir_all(folder).unwrap();
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    let mut command = Command::new(program("consul").unwrap());
    command.args([
        "agent",
        "-server",
        "-bootstrap-expect=3",
        "-dns-port=-1",
        "-grpc-port=-1",
    ]);
    command.args([
        "-hcl",
        "performance { raft_multiplier = 1 }",
        "-retry-interval=1s",
    ]);
    command
        .args([
            format!("-node={node}"),
            format!("-bind={ip}"),
            format!("-client={ip}"),
        ])
        .args(join);
    command.arg("-data-dir").arg(folder.join("data"));
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log);
    command.spawn().unwrap()
}

/// Returns the number of voters that a server knows, or 0 if it knows no leader.
fn voters(server: SocketAddr) -> usize {
    let Ok(answer) = http::get(server, "/v1/operator/raft/configuration") else {
        return 0;
    };
    let Ok(body) = serde_json::from_str::<serde_json::Value>(&answer.body) else {
        return 0;
    };
    let servers = body["Servers"].as_array().cloned().unwrap_or_default();
    let led = servers.iter().any(|server| server["Leader"] == true);
    if led {
        servers
            .iter()
            .filter(|server| server["Voter"] == true)
            .count()
    } else {
        0
    }
}

/// Returns three addresses on which Consul's ports are free.
fn free_addresses() -> [Ipv4Addr; 3] {
    loop {
        let (second, third) = (fastrand::u8(1..255), fastrand::u8(1..255));
        let addresses = [1, 2, 3].map(|last| Ipv4Addr::new(127, second, third, last));
        let free = |ip: &Ipv4Addr| {
            PORTS
                .iter()
                .all(|port| TcpListener::bind((*ip, *port)).is_ok())
        };
        if addresses.iter().all(free) {
            return addresses;
        }
    }
}
