//! Consul as a source of data.

mod acl_hint;
mod address_hint;
mod client;
mod emptiness;
mod setup_error;
mod tls_hint;
mod transport;
mod url;
mod wire;

pub use client::Client;
pub use emptiness::Emptiness;
pub use setup_error::ClientError;
