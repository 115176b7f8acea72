//! What the integration tests share: real servers, and a way to talk to them.

// Every test program takes from here what it needs.
#![allow(dead_code, unreachable_pub)]

pub mod consul;
pub mod http;
