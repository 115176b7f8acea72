//! An embedded server that answers as Consul 1.8 does: for trying things out without Consul, and for tests.
//!
//! in:  [`Options`] with a [`Seed`], then HTTP requests
//! out: Consul's answers, blocking queries included; and, on request, its failures
//!
//! What it answers is held to the real thing by `tests/dev_conformance.rs`. It stores everything in memory, carries
//! out no checks but those that report by themselves (TTL; they never expire), and knows no access rules, sessions,
//! gossip, and of Connect only who is reached through whom.
//!
//! ```
//! use ctmpl::dev::{Background, Fault, Options, Seed, Service};
//!
//! # fn main() -> std::io::Result<()> {
//! let seed = Seed::default().key("app/port", "80").service(Service::new("web").port(8081));
//! let consul = Background::start(Options { seed, ..Options::default() })?;
//! consul.put_key("app/port", "81");
//! consul.faults().inject_times("/v1/kv/", 3, Fault::Status(500, "No cluster leader".into()));
//! assert!(consul.faults().requests("/v1/kv/").is_empty());
//! # Ok(())
//! # }
//! ```

mod agent;
mod background;
mod blocking_query;
mod catalog;
mod cluster_state;
mod contents;
mod fault_injection;
mod faults;
mod fields;
mod filter;
mod filter_text;
mod go;
mod json;
mod kv;
mod ledger;
mod listener_gate;
mod mesh;
mod question;
mod record;
mod records;
mod reply;
mod request;
mod routes;
mod seed;
mod seed_text;
mod serve_agent;
#[expect(clippy::unnecessary_wraps, reason = "all handlers have one signature")]
mod serve_catalog;
mod serve_kv;
#[expect(clippy::unnecessary_wraps, reason = "all handlers have one signature")]
mod serve_status;
mod server;
mod store;
mod wire;

#[cfg(test)]
mod tests;

pub use background::Background;
pub use contents::Contents;
pub use faults::{Fault, Faults, Rule};
pub use record::Seen;
pub use seed::{Scalar, Seed, SeedDatacenter, SeedError, SeedNode, SeedWeights, Service, Status};
pub use server::{Options, Server};
