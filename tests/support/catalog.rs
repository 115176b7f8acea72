//! Changes the data of a Consul server, real or embedded.

use std::net::SocketAddr;

use super::backend::Backend;
use super::http;

/// Stores a value.
pub fn put(consul: SocketAddr, key: &str, value: &str) {
    assert_eq!(
        write(consul, &format!("/v1/kv/{key}"), value),
        "true",
        "{key}"
    );
}

/// Tries to store a value. Returns `false` if the server cannot.
pub fn try_put(consul: SocketAddr, key: &str, value: &str) -> bool {
    let answer = http::request(consul, "PUT", &format!("/v1/kv/{key}"), value);
    answer.is_ok_and(|answer| answer.status == 200 && answer.body.trim() == "true")
}

/// Registers a backend as an instance of a service, with its name as ID and with an HTTP check.
pub fn register(consul: SocketAddr, service: &str, backend: &Backend) {
    let check =
        serde_json::json!({ "HTTP": backend.health(), "Interval": "200ms", "Timeout": "5s" });
    let (name, port) = (backend.name(), backend.port());
    let body = serde_json::json!({ "Name": service, "ID": name, "Address": "127.0.0.1", "Port": port, "Check": check });
    write(consul, "/v1/agent/service/register", &body.to_string());
}

/// Waits until the check of an instance passes.
pub fn passes(consul: SocketAddr, service: &str, backend: &Backend) {
    super::eventually(&format!("{} passes its check", backend.name()), || {
        let answer = http::get(consul, &format!("/v1/health/service/{service}?passing"));
        answer.is_ok_and(|answer| answer.body.contains(&format!("\"{}\"", backend.name())))
    });
}

/// Removes an instance.
pub fn deregister(consul: SocketAddr, id: &str) {
    write(consul, &format!("/v1/agent/service/deregister/{id}"), "");
}

fn write(consul: SocketAddr, target: &str, body: &str) -> String {
    let answer = http::request(consul, "PUT", target, body).unwrap();
    assert_eq!(answer.status, 200, "{target}: {}", answer.body);
    answer.body.trim().to_owned()
}
