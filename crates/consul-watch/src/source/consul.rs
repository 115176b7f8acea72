//! Consul as a source of data.

mod acl_hint;
mod address_hint;
mod client;
mod config;
mod emptiness;
mod headers;
mod identity;
mod message;
mod not_consul;
mod polling;
mod request_failure;
mod retry_after;
mod setting_names;
mod setup_error;
mod source_query;
mod ticks;
mod tls_hint;
mod traffic;
mod transport;
mod url;
mod wire;

#[cfg(test)]
pub(crate) use not_consul::tests::error_for;

pub use client::Client;
pub use config::{BasicAuth, ClientConfig};
pub use emptiness::Emptiness;
pub use setting_names::SettingNames;
pub use setup_error::ClientError;
pub use traffic::Traffic;
