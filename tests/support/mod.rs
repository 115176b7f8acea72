//! What the integration tests share: real servers, and a way to talk to them.

// Every test program takes from here what it needs.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::print_stderr)]

pub mod consul;
pub mod ctmpl;
pub mod http;
