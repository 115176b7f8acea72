#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

mod settings;

mod limits;

mod tls_failure;

mod wire;

mod error;

mod in_flight;

mod stream;

mod request;

mod tls;

mod proxy;

mod dial;

mod http1;

mod http2;

mod body;

mod client;

pub use body::{Answer, Body, Response};
pub use client::{Client, Endpoint};
pub use error::Error;
pub use hyper::body::Bytes;
pub use hyper::{HeaderMap, Method, StatusCode, header};
pub use limits::Limits;
pub use request::Request;
pub use settings::{Authorities, Identity, TlsConfig, TransportConfig};
pub use tls::{Tls, TlsError};
pub use tls_failure::TlsFailure;

#[cfg(test)]
mod tests;
