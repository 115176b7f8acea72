//! Runs the server on its own thread, for tests that are not asynchronous.
//!
//! Input: [`Options`]. Output: a running server that stops when it is dropped.

use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;

use super::contents::Contents;
use super::faults::Faults;
use super::seed::Service;
use super::server::{Options, Server};

/// A server that runs on its own thread. Dropping it stops the server.
#[derive(Debug)]
pub struct Background {
    address: SocketAddr,
    faults: Faults,
    contents: Contents,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Starts a server. It accepts connections when this returns.
    ///
    /// # Errors
    /// If it cannot listen on the address, or cannot start a thread.
    pub fn start(options: Options) -> io::Result<Self> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let stop = CancellationToken::new();
        let shutdown = stop.clone();
        let thread = std::thread::Builder::new()
            .name("consul-dev".into())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                let started = runtime
                    .and_then(|runtime| Ok((runtime.block_on(Server::start(options))?, runtime)));
                match started {
                    Err(error) => drop(sender.send(Err(error))),
                    Ok((server, runtime)) => {
                        let handles = (
                            server.address(),
                            server.faults().clone(),
                            server.contents().clone(),
                        );
                        if sender.send(Ok(handles)).is_ok() {
                            runtime.block_on(server.serve(shutdown));
                        }
                    }
                }
            })?;
        let (address, faults, contents) = receiver.recv().map_err(io::Error::other)??;
        Ok(Self {
            address,
            faults,
            contents,
            stop,
            thread: Some(thread),
        })
    }

    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the handle to inject faults.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Returns the handle to change the server's data.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Stores a value.
    pub fn put_key(&self, key: &str, value: &str) {
        self.contents.put_key(key, value);
    }

    /// Deletes a key.
    pub fn delete_key(&self, key: &str) {
        self.contents.delete_key(key);
    }

    /// Registers an instance of a service, or changes it.
    pub fn register(&self, service: Service) {
        self.contents.register(service);
    }

    /// Removes the instance with this ID.
    pub fn deregister(&self, id: &str) {
        self.contents.deregister(id);
    }

    /// Sets the status of a check. `id` is the check's ID, or the ID of its instance.
    ///
    /// # Panics
    /// If there is no such check or instance.
    pub fn set_check(&self, id: &str, status: &str) {
        assert!(
            self.contents.set_check(id, status),
            "there is no check or instance {id:?}"
        );
    }

    /// Stops the server and waits until its thread has ended.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // If the thread panicked, its message is already printed.
            drop(thread.join());
        }
    }
}
