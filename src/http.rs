//! One HTTP client for everything that is reached over HTTP: Consul, local sockets and webhooks.
//!
//! Input: a [`Request`] to an [`Endpoint`]. Output: a [`Response`] whose body is read piece by piece, or a whole
//! [`Answer`]; or an [`Error`] with the reason.
//!
//! The client speaks HTTP/1.1 and HTTP/2 over TCP, TLS and unix sockets, directly or through a proxy. It limits the
//! time and the size of every answer, and the size of all answers together, so that no server can exhaust the memory
//! or starve the event loop.
//!
//! # Connections
//! - Clear text: HTTP/1.1. Each request that waits holds one connection; idle connections are reused.
//! - TLS: HTTP/2 if the server offers it. Up to 90 requests share a connection. While it is unknown whether the
//!   server speaks HTTP/2, or known that it does, connections are opened one after the other, so that requests that
//!   start together share one.
//! - A server that falls back to HTTP/1.1 is noticed when the next connection is opened.

mod body;
mod client;
mod dial;
mod error;
mod http1;
mod http2;
mod in_flight;
mod limits;
mod proxy;
mod request;
mod stream;
mod tls;
mod tls_failure;
mod wire;

pub use body::{Answer, Body, Response};
pub use client::{Client, Endpoint};
pub use error::Error;
pub use hyper::body::Bytes;
pub use hyper::{HeaderMap, Method, StatusCode, header};
pub use limits::Limits;
pub use request::Request;
pub use tls::{Tls, TlsError};
pub use tls_failure::TlsFailure;

#[cfg(test)]
mod tests;
