//! The real Consul of one row, with its default limits, in clear text or with TLS.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use crate::support::consul::Consul;
use crate::support::http::{self, Answer};
use crate::support::{free_port, secured};

/// A running Consul.
pub(crate) struct Server {
    consul: Consul,
    /// The port of HTTPS, and the directory of the certificates.
    tls: Option<(u16, TempDir)>,
}

/// The address of the benchmark's own requests. Consul limits the connections of each address, and a measured client
/// may use all of its own.
const OWN_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 0);

/// Sends a request of the benchmark itself.
pub(crate) fn request(
    consul: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
) -> io::Result<Answer> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&OWN_ADDRESS.into())?;
    socket.connect(&consul.into())?;
    http::send_on(socket.into(), method, path, body)?.answer(http::TIMEOUT)
}

impl Server {
    pub(crate) fn start() -> Self {
        Self {
            consul: Consul::start(),
            tls: None,
        }
    }

    /// Starts a server whose measured clients use TLS.
    pub(crate) fn start_tls() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        secured::authority(directory.path());
        secured::certificate(directory.path(), "-server");
        let port = free_port();
        let at = |name: &str| directory.path().join(name);
        let settings = json!({
            "ports": { "https": port },
            "ca_file": at("consul-agent-ca.pem"),
            "cert_file": at("dc1-server-consul-0.pem"),
            "key_file": at("dc1-server-consul-0-key.pem"),
        });
        let file = at("settings.json");
        std::fs::write(&file, settings.to_string()).expect("a configuration file");
        let consul = Consul::start_with("s1", &["-config-file", &file.display().to_string()]);
        Self {
            consul,
            tls: Some((port, directory)),
        }
    }

    /// The address for the benchmark's own requests.
    pub(crate) fn address(&self) -> SocketAddr {
        self.consul.address()
    }

    /// The port that measured clients use.
    pub(crate) fn port(&self) -> u16 {
        self.tls
            .as_ref()
            .map_or(self.consul.address().port(), |tls| tls.0)
    }

    /// The flags that a measured client needs.
    pub(crate) fn flags(&self) -> Vec<String> {
        let Some((port, directory)) = &self.tls else {
            return vec![format!("-consul-addr={}", self.address())];
        };
        let authority = directory.path().join("consul-agent-ca.pem");
        vec![
            format!("-consul-addr=https://localhost:{port}"),
            "-consul-ssl".to_owned(),
            format!("-consul-ssl-ca-cert={}", authority.display()),
        ]
    }

    /// The process ID of Consul.
    pub(crate) fn pid(&self) -> u32 {
        self.consul.pid()
    }

    /// Sends a request that must succeed.
    pub(crate) fn put(&self, path: &str, body: &Value) {
        let answer = request(self.address(), "PUT", path, &body.to_string());
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 200, "PUT {path}: {}", answer.body);
    }

    /// Sends operations in transactions of the largest size that Consul accepts.
    pub(crate) fn transact(&self, operations: &[Value]) {
        const LARGEST: usize = 64;
        for some in operations.chunks(LARGEST) {
            self.put("/v1/txn", &Value::from(some));
        }
    }
}
