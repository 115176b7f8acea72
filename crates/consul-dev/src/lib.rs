//! A Consul-compatible server in memory, for tests of Consul clients: it answers as Consul 1.8 does, blocking queries
//! included, and fails on request.
//!
//! A real Consul agent answers correctly most of the time, so a test against it cannot show what a client does when
//! the leader is lost, an answer is cut in the middle, or the index goes backwards. This server can be told to do all
//! of that, by path and number of times, and it is one struct in the test's own process: no program to install, no
//! port to reserve, and it is gone when it is dropped.
//!
//! # Example
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//!
//! use consul_dev::{Background, Fault, Options, Seed, Service};
//!
//! # fn main() -> std::io::Result<()> {
//! let seed = Seed::default().key("app/port", "80").service(Service::new("web").port(8081));
//! let consul = Background::start(Options { seed, ..Options::default() })?;
//!
//! let get = |path: &str| -> std::io::Result<String> {
//!     let mut stream = TcpStream::connect(consul.address())?;
//!     write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
//!     let mut answer = String::new();
//!     stream.read_to_string(&mut answer)?;
//!     Ok(answer)
//! };
//! assert!(get("/v1/kv/app/port?raw")?.ends_with("80"));
//!
//! // Change the data, as another client would; blocking queries wake up.
//! consul.put_key("app/port", "81");
//! assert!(get("/v1/kv/app/port?raw")?.ends_with("81"));
//!
//! // Fail the next three requests for keys.
//! consul.faults().inject_times("/v1/kv/", 3, Fault::Status(500, "No cluster leader".into()));
//! assert!(get("/v1/kv/app/port?raw")?.starts_with("HTTP/1.1 500"));
//! # Ok(())
//! # }
//! ```
//!
//! [`Server`] is the same server for a program that has a tokio runtime; [`Background`] runs it on a thread of its own.
//!
//! # What it answers
//!
//! - `/v1/kv/`: values, prefixes, key names, `?raw`, `?cas`, `?flags`, deletion;
//! - `/v1/catalog/`: services, nodes, datacenters, registration and deregistration;
//! - `/v1/health/`: service, connect, node, checks and state;
//! - `/v1/agent/`: services and checks of the agent, TTL reports, maintenance;
//! - `/v1/status/`: leader and peers.
//!
//! Reads take `index`, `wait`, `dc`, `stale`, `consistent`, `filter`, `node-meta`, `tag`, `passing` and `pretty`. An
//! index moves, and a blocking query wakes, exactly when it does with Consul 1.8: one test suite runs against both.
//!
//! Everything is in memory. The only checks that change their status are TTL checks that report, and they never
//! expire. There are no ACLs, no sessions, no transactions and no gossip; of Connect there is only the part that
//! finds the proxies of a service.
//!
//! # Limits
//!
//! The server may be reachable by other programs on the machine, so what a client can make it hold is bounded: a
//! request must arrive within [`Options::read_timeout`]; a value of a key has 512 KiB at most, as with Consul, and any
//! other body 4 MiB; all bodies together have 32 MiB; a filter is nested 64 levels deep at most. Requests are recorded
//! only if [`Options::record_requests`] says how many.

// Each module imports only modules above it.

// Go's texts: durations, quotes, and the messages of its JSON decoder.
mod go;

// An answer before it is sent.
mod reply;

// A request as Consul reads it.
mod request;

// Reads JSON bodies as Go's decoder does.
mod fields;

// What the catalog holds: nodes, service instances, health checks.
mod records;

// Fields of a service registration that the routes of agent and catalog share.
mod service_fields;

// When each name was last written, to wake the blocking queries that Consul would wake.
mod write_index;

// The key-value store of one datacenter.
mod kv;

// The catalog of one datacenter.
mod catalog;

// All state of the server.
mod cluster_state;

// Registrations with the server's own agent.
mod agent;

// The data that a server starts with.
mod seed;

// Writes seeds and registrations into the state.
mod populate;

// The state behind its lock.
mod store;

// The handle to change the data of a running server.
mod contents;

// The catalog's records as Consul's JSON.
mod json_records;

// What can be read with a blocking query.
mod query;

// Consul's filter expressions.
mod filter;

// The record of requests, and counts of what is open.
mod request_log;

// The handle to make a running server fail.
mod faults;

// A connection that ends after a number of bytes, or when a request does not arrive in time.
mod limited_stream;

// Applies faults to requests.
mod fault_injection;

// Waits for a query's answer to change.
mod blocking_query;

// What a route makes of a request.
mod outcome;

// Paths and their handlers.
mod routes;

// Reads request bodies within limits.
mod body;

// A port that can be closed and opened again.
mod listener_gate;

// Serves one connection.
mod connection;

// The server.
mod server;

// The server on a thread of its own.
mod background;

pub use background::Background;
pub use contents::Contents;
pub use faults::{Fault, Faults, Rule};
pub use request_log::RecordedRequest;
pub use seed::{
    InvalidSeed, Scalar, Seed, SeedDatacenter, SeedError, SeedNode, SeedWeights, Service, Status,
};
pub use server::{Options, Server};
