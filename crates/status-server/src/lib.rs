#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

// What messages call the program and its settings.
mod names;

// The address of a server.
mod address;

// The state of a daemon.
mod report;

// Decides whether one process can listen on two addresses.
mod conflict;

// Listens on an address.
mod listener;

// Proves that the event loop works.
mod pulse;

// The endpoints.
mod answer;

// Serves the endpoints on a socket.
mod server;

// The server of a process, which may move to another address.
mod status_server;

// Asks the server of another process.
mod client;

pub use address::{StatusAddr, StatusAddrError};
pub use answer::{HEALTH, READY, STATUS};
pub use client::{AskError, StatusResponse, ask};
pub use listener::{BindError, Bound, bind};
pub use names::SettingNames;
pub use pulse::Pulse;
pub use report::DaemonReport;
pub use server::MAX_CONNECTIONS;
pub use status_server::{Change, StatusServer};
