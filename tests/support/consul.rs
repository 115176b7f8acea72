//! A real Consul agent, for one test.
//!
//! Input: the `consul` program on `PATH`. Output: an agent in development mode on free ports, with
//! a leader and its own node in the catalog.

use std::env;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::http;

/// The time limit for an agent to become ready.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// The interval of readiness checks.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The number of attempts to start, each with other ports.
const ATTEMPTS: usize = 5;

/// The ports of one agent.
#[derive(Clone, Copy, Debug)]
struct Ports {
    http: u16,
    server: u16,
    serf_lan: u16,
    serf_wan: u16,
}

/// A running Consul agent. Dropping it kills it.
pub struct Consul {
    node: String,
    token: String,
    arguments: Vec<String>,
    ports: Ports,
    directory: TempDir,
    process: Option<Child>,
}

impl Consul {
    /// Returns `true` if `consul` is installed. If not, it prints that the test is skipped; with
    /// `CTMPL_TEST_SERVERS=required`, the test fails.
    #[expect(
        clippy::print_stderr,
        reason = "who runs the tests has to see what did not run"
    )]
    pub fn is_installed() -> bool {
        let found = program().is_some();
        let required = env::var("CTMPL_TEST_SERVERS").is_ok_and(|value| value == "required");
        assert!(
            found || !required,
            "CTMPL_TEST_SERVERS=required, but there is no consul on PATH"
        );
        if !found {
            eprintln!("skipped: there is no consul on PATH");
        }
        found
    }

    /// Starts an agent in development mode with the node name `s1`.
    pub fn start() -> Self {
        Self::start_with("s1", &[])
    }

    /// Starts an agent in development mode with this node name and additional arguments.
    pub fn start_with(node: &str, arguments: &[&str]) -> Self {
        Self::start_guarded(node, arguments, "")
    }

    /// Starts an agent with ACLs. Only this token may read the catalog.
    pub fn start_guarded(node: &str, arguments: &[&str], token: &str) -> Self {
        let mut consul = Self {
            node: node.to_owned(),
            token: token.to_owned(),
            arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
            ports: free_ports(),
            directory: tempfile::tempdir().expect("a directory"),
            process: None,
        };
        for _ in 0..ATTEMPTS {
            consul.launch();
            if consul.becomes_ready() {
                return consul;
            }
            consul.kill();
            consul.ports = free_ports();
        }
        panic!(
            "consul did not start in {ATTEMPTS} attempts; its log:\n{}",
            consul.log_text()
        );
    }

    /// Returns the HTTP address.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports.http))
    }

    /// Returns the process ID.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("a running consul").id()
    }

    /// Returns the ports of the RPC service and of gossip.
    pub fn other_ports(&self) -> [u16; 3] {
        let Ports {
            server,
            serf_lan,
            serf_wan,
            ..
        } = self.ports;
        [server, serf_lan, serf_wan]
    }

    /// Kills the agent, like a crash.
    pub fn stop(&mut self) {
        self.kill();
    }

    /// Sends a signal, such as SIGSTOP or SIGCONT.
    pub fn signal(&self, signal: Signal) {
        let process = i32::try_from(self.pid()).expect("a process ID");
        kill(Pid::from_raw(process), signal).expect("a signal");
    }

    /// Starts the agent again on the same ports. An agent in development mode has lost its data.
    pub fn start_again(&mut self) {
        for _ in 0..ATTEMPTS {
            self.kill();
            self.launch();
            if self.becomes_ready() {
                return;
            }
        }
        panic!(
            "consul did not start again in {ATTEMPTS} attempts; its log:\n{}",
            self.log_text()
        );
    }

    fn launch(&mut self) {
        let Ports {
            http,
            server,
            serf_lan,
            serf_wan,
        } = self.ports;
        let log = File::create(self.log()).expect("a log file");
        let mut command = Command::new(program().expect("a consul program"));
        command.args([
            "agent",
            "-dev",
            "-bind=127.0.0.1",
            "-client=127.0.0.1",
            "-dns-port=-1",
            "-grpc-port=-1",
        ]);
        command.args([
            format!("-node={}", self.node),
            format!("-http-port={http}"),
            format!("-server-port={server}"),
        ]);
        command.args([
            format!("-serf-lan-port={serf_lan}"),
            format!("-serf-wan-port={serf_wan}"),
        ]);
        command
            .arg("-data-dir")
            .arg(self.directory.path().join("data"))
            .args(&self.arguments);
        command
            .stdin(Stdio::null())
            .stderr(log.try_clone().expect("a second handle"))
            .stdout(log);
        self.process = Some(command.spawn().expect("a consul process"));
    }

    /// Waits for a leader and for the agent's own node in the catalog. Returns `false` on a
    /// timeout.
    fn becomes_ready(&mut self) -> bool {
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            let ended = self
                .process
                .as_mut()
                .is_none_or(|process| process.try_wait().is_ok_and(|end| end.is_some()));
            if ended {
                return false;
            }
            if self.is_ready() {
                return true;
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        false
    }

    fn is_ready(&self) -> bool {
        let body = |target: &str| {
            let target = format!("{target}?token={}", self.token);
            http::get(self.address(), &target)
                .map(|answer| answer.body)
                .unwrap_or_default()
        };
        // The leader writes the node first; the agent's own synchronization adds this field later.
        body("/v1/status/leader").contains(&self.ports.server.to_string())
            && body("/v1/catalog/nodes").contains("consul-network-segment")
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // The process may have exited already.
            drop(process.kill());
            drop(process.wait());
        }
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    fn log_text(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }
}

impl Drop for Consul {
    fn drop(&mut self) {
        self.kill();
    }
}

fn program() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|directory| directory.join("consul"))
        .find(|file| file.is_file())
}

/// Returns free ports below the range of outgoing connections. All are held until the last one is
/// found, so that they differ.
fn free_ports() -> Ports {
    let free = || loop {
        let port = fastrand::u16(10_000..32_000);
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return (port, listener);
        }
    };
    let held = [free(), free(), free(), free()];
    let [http, server, lan, wan] = held.each_ref().map(|(port, _)| *port);
    Ports {
        http,
        server,
        serf_lan: lan,
        serf_wan: wan,
    }
}
