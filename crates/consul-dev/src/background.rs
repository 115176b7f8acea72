//! The server on a thread of its own, for tests that are not asynchronous.
//!
//! Input: [`Options`]. Output: a running server that is stopped when it is dropped.

use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;

use super::contents::Contents;
use super::faults::Faults;
use super::seed::Service;
use super::server::{Options, Server};

/// A running server on a thread of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Background {
    address: SocketAddr,
    faults: Faults,
    contents: Contents,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Starts a server; it listens when this returns.
    ///
    /// # Errors
    /// If it cannot listen on the address, or the system gives no thread.
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

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The handle to make the server fail.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The handle to change the server's data.
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

    /// Sets the status of a check, identified by its own ID or by an instance's.
    ///
    /// # Panics
    /// If there is neither.
    pub fn set_check(&self, id: &str, status: &str) {
        assert!(
            self.contents.set_check(id, status),
            "there is no check or instance {id:?}"
        );
    }

    /// Ends the server and waits until it has ended.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // The thread has printed the message if it panicked.
            drop(thread.join());
        }
    }
}
