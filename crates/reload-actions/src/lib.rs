#![doc = include_str!("../README.md")]

// A module imports only modules listed above it; blank lines keep rustfmt from sorting the list.

// An action, as data.
mod action;

// One request over a connection of its own.
mod request;

// Sends a request that reloads a program.
mod http;

// Sends a signal to a container.
mod docker;

// Sends a signal to a process.
mod signal;

// Performs an action.
mod perform;

pub use action::{HttpAction, ReloadAction, SignalTarget};
pub use docker::DockerError;
pub use http::HttpError;
pub use perform::{ActionError, perform};
pub use request::RequestError;
pub use signal::SignalError;

#[cfg(test)]
mod tests;
