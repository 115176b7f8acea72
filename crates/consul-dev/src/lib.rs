//! A Consul-compatible server in memory, for tests of Consul clients. It answers as Consul 1.8
//! does, including blocking queries, and fails on request.
//!
//! A real Consul agent answers correctly most of the time, so a test against it cannot show how
//! your client handles a lost leader, a truncated answer, or an index that goes backwards. This
//! server injects such faults by path and number of requests. It runs in the test's own process:
//! there is no program to install and no port to reserve, and it stops when it is dropped.
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
//! [`Server`] runs on your tokio runtime; [`Background`] runs the server on its own thread.
//!
//! # Endpoints
//!
//! - `/v1/kv/`, `/v1/txn`, `/v1/session/`: keys, transactions, sessions and locks;
//! - `/v1/catalog/`, `/v1/health/`: nodes, instances, checks, registration;
//! - `/v1/agent/`: instances and checks of the agent, their health, maintenance, members;
//! - `/v1/connect/ca/`, `/v1/agent/connect/ca/`: roots and leaf certificates of the service mesh;
//! - `/v1/status/`: leader and peers.
//!
//! [`endpoints`] returns all of them, [`absent_endpoints`] those of Consul that answer 501. Reads
//! accept `index`, `wait`, `dc`, `stale`, `consistent`, `filter`, `node-meta`, `tag`, `passing` and
//! `pretty`. An index changes, and a blocking query returns, exactly when it does in Consul 1.8: one
//! test suite runs against both.
//!
//! HTTP and TCP checks run, but only for addresses of this machine. TTLs, sessions and lock delays
//! expire. All data is in memory. There are no ACLs, and there is no gossip.
//!
//! # Limits
//!
//! Other programs on the machine may reach the server, so a request can use only a limited amount of
//! memory and time. It must arrive within [`Options::read_timeout`]. The value of a key has at most
//! 512 KiB, as in Consul, any other body 4 MiB, and all bodies together 32 MiB. A filter can be
//! nested 64 levels deep. At most 32 checks run at a time, each for at most 60 s; an answer to a
//! check is read up to 1 MiB. Requests are recorded only if [`Options::record_requests`] is set.
//!
//! The stored data has no limit: a client that writes without end fills the memory. A transaction
//! that writes copies all keys and the catalog of its datacenter while it runs.

// Each module imports only modules above it.

// Go's text formats: durations, quoted strings, and the error messages of its JSON decoder.
mod go;

// UUIDs, and numbers that are never repeated.
mod ids;

// An answer before it is sent.
mod reply;

// A request in the form that Consul's handlers read.
mod request;

// Reads JSON bodies as Go's decoder does.
mod fields;

// The catalog's records: nodes, service instances, health checks.
mod records;

// How the agent finds the status of a check.
mod check_method;

// The fields of a service registration that the agent and catalog routes share.
mod service_fields;

// The index at which each name was last written, to wake the blocking queries that Consul would
// wake.
mod write_index;

// The key-value store of one datacenter.
mod kv;

// The catalog of one datacenter.
mod catalog;

// The sessions of one datacenter, which hold locks.
mod sessions;

// The certificate authority of the service mesh.
mod certificates;

// The state of the server.
mod cluster_state;

// The operations of transactions.
mod operations;

// Executes transactions.
mod transaction;

// Registrations with the server's own agent.
mod agent;

// The health of the agent's own instances.
mod agent_health;

// The data that a server starts with.
mod seed;

// Writes seeds and registrations into the state.
mod populate;

// The state behind a lock.
mod store;

// The handle to change the data of a running server.
mod contents;

// The catalog's records as Consul's JSON.
mod json_records;

// The queries that can block.
mod query;

// The times at which the state changes by itself.
mod timers;

// Runs the probe of a check.
mod probe;

// The background task: runs probes and makes the changes that are due.
mod scheduler;

// Consul's filter expressions.
mod filter;

// The recorded requests, and the numbers of open requests and connections.
mod request_log;

// The handle to inject faults.
mod faults;

// A connection with a limit of bytes and of time for a request.
mod limited_stream;

// Applies faults to requests.
mod fault_injection;

// Lets blocking queries wait.
mod blocking_query;

// The result of a request handler.
mod outcome;

// Lets queries for an instance of the agent wait.
mod hash_query;

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

// Runs the server on its own thread.
mod background;

pub use background::Background;
pub use contents::{Contents, Summary};
pub use faults::{Fault, Faults, Rule};
pub use request_log::RecordedRequest;
pub use routes::{Endpoint, absent_endpoints, endpoints};
pub use seed::{
    InvalidSeed, Scalar, Seed, SeedDatacenter, SeedError, SeedNode, SeedWeights, Service, Status,
};
pub use server::{Options, Server};
