//! A real Consul agent with TLS, client certificates and ACL tokens.
//!
//! Input: the `consul` program, which also creates the certificates. Output: an agent that listens
//! with HTTPS, on a unix socket and, for the test itself, with HTTP; and the files that a client
//! needs.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::consul::Consul;
use super::{catalog, free_port, http, program};

/// The management token.
const MASTER: &str = "8a0ed2b5-6a51-4c0b-9e0c-f0e6a3b6c111";

/// An agent with its certificate authority.
pub struct Secured {
    consul: Consul,
    https: u16,
    directory: TempDir,
}

/// An ACL token.
pub struct Token {
    /// The secret ID, which clients send.
    pub secret: String,
    accessor: String,
}

impl Secured {
    /// Starts the agent. A client without a token has no rights.
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        authority(directory.path());
        certificate(directory.path(), "-server");
        certificate(directory.path(), "-client");
        let https = free_port();
        let at = |name: &str| directory.path().join(name);
        let settings = json!({
            "ports": { "https": https },
            "addresses": { "http": format!("127.0.0.1 unix://{}", at("http.sock").display()) },
            "ca_file": at("consul-agent-ca.pem"),
            "cert_file": at("dc1-server-consul-0.pem"),
            "key_file": at("dc1-server-consul-0-key.pem"),
            "verify_incoming": true,
            "acl": { "enabled": true, "default_policy": "deny", "tokens": { "master": MASTER, "agent": MASTER } },
        });
        let file = at("settings.json");
        fs::write(&file, settings.to_string()).unwrap();
        let consul = Consul::start_guarded("s1", &["-config-file", file.to_str().unwrap()], MASTER);
        Self {
            consul,
            https,
            directory,
        }
    }

    /// Returns the `https://` address with this host name.
    pub fn https(&self, host: &str) -> String {
        format!("https://{host}:{}", self.https)
    }

    /// Returns the token with all rights.
    pub fn master() -> &'static str {
        MASTER
    }

    /// Returns the address without TLS.
    pub fn plain(&self) -> SocketAddr {
        self.consul.address()
    }

    /// Returns the address `unix://…`.
    pub fn socket(&self) -> String {
        format!("unix://{}", self.path("http.sock").display())
    }

    /// Returns the path of a file: `consul-agent-ca.pem` of the authority,
    /// `dc1-client-consul-0.pem` or `dc1-client-consul-0-key.pem` of a client.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Returns the flags for a valid client certificate and the agent's CA.
    pub fn known(&self) -> Vec<String> {
        let flag =
            |name: &str, file: &str| format!("-consul-ssl-{name}={}", self.path(file).display());
        vec![
            flag("ca-cert", "consul-agent-ca.pem"),
            flag("cert", "dc1-client-consul-0.pem"),
            flag("key", "dc1-client-consul-0-key.pem"),
        ]
    }

    /// Stores a value.
    pub fn put(&self, key: &str, value: &str) {
        catalog::put(self.plain(), &format!("{key}?token={MASTER}"), value);
    }

    /// Creates a token that may only read keys.
    pub fn token(&self) -> Token {
        // The policy exists from the second call on.
        let policy = json!({ "Name": "reader", "Rules": "key_prefix \"\" { policy = \"read\" }" });
        drop(http::request(
            self.plain(),
            "PUT",
            &format!("/v1/acl/policy?token={MASTER}"),
            &policy.to_string(),
        ));
        let wish = json!({ "Policies": [{ "Name": "reader" }] }).to_string();
        let answer = http::request(
            self.plain(),
            "PUT",
            &format!("/v1/acl/token?token={MASTER}"),
            &wish,
        )
        .unwrap();
        let token: Value =
            serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body));
        let text = |name: &str| token[name].as_str().unwrap().to_owned();
        Token {
            secret: text("SecretID"),
            accessor: text("AccessorID"),
        }
    }

    /// Sets the rights of all tokens of [`token`](Self::token).
    pub fn set_rights(&self, rules: &str) {
        let policies = format!("/v1/acl/policies?token={MASTER}");
        let policies = http::get(self.plain(), &policies).unwrap().body;
        let policies: Vec<Value> = serde_json::from_str(&policies).unwrap();
        let own = policies.iter().find(|policy| policy["Name"] == "reader");
        let id = own.unwrap()["ID"].as_str().unwrap();
        let policy = json!({ "ID": id, "Name": "reader", "Rules": rules });
        let target = format!("/v1/acl/policy/{id}?token={MASTER}");
        let answer = http::request(self.plain(), "PUT", &target, &policy.to_string()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Revokes a token.
    pub fn revoke(&self, token: &Token) {
        let target = format!("/v1/acl/token/{}?token={MASTER}", token.accessor);
        assert_eq!(
            http::request(self.plain(), "DELETE", &target, "")
                .unwrap()
                .status,
            200
        );
    }
}

/// Creates a certificate authority in a directory.
pub fn authority(directory: &Path) {
    tls(directory, &["ca", "create"]);
}

/// Creates a certificate and its key, issued by the authority in the directory.
pub fn certificate(directory: &Path, kind: &str) {
    tls(directory, &["cert", "create", kind, "-dc=dc1"]);
}

fn tls(directory: &Path, words: &[&str]) {
    let mut command = Command::new(program("consul").unwrap());
    command
        .arg("tls")
        .args(words)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    assert!(command.status().unwrap().success(), "consul tls {words:?}");
}
