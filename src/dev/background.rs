//! A server on its own thread, for tests that are not asynchronous.
//!
//! in:  [`Options`]
//! out: a running server, stopped when dropped

use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;

use super::contents::Contents;
use super::faults::Faults;
use super::seed::Service;
use super::server::{Options, Server};

/// A running server on its own thread.
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
    /// When it cannot listen at the address, or there is no thread to be had.
    pub fn start(options: Options) -> io::Result<Self> {
        let (tell, told) = std::sync::mpsc::channel();
        let stop = CancellationToken::new();
        let shutdown = stop.clone();
        let thread = std::thread::Builder::new()
            .name("ctmpl-dev".into())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                let started = runtime
                    .and_then(|runtime| Ok((runtime.block_on(Server::start(options))?, runtime)));
                match started {
                    Err(error) => drop(tell.send(Err(error))),
                    Ok((server, runtime)) => {
                        let handles = (
                            server.address(),
                            server.faults().clone(),
                            server.contents().clone(),
                        );
                        if tell.send(Ok(handles)).is_ok() {
                            runtime.block_on(server.serve(shutdown));
                        }
                    }
                }
            })?;
        let (address, faults, contents) = told.recv().map_err(io::Error::other)??;
        Ok(Self {
            address,
            faults,
            contents,
            stop,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The handle to make it misbehave.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The handle to change what it holds.
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

    /// Removes an instance.
    pub fn deregister(&self, id: &str) {
        self.contents.deregister(id);
    }

    /// Sets the status of a check, named by its own ID or by that of an instance.
    ///
    /// # Panics
    /// When there is neither.
    pub fn set_check(&self, id: &str, status: &str) {
        assert!(
            self.contents.set_check(id, status),
            "there is no check or instance {id:?}"
        );
    }

    /// Stops it and waits until it has ended.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed by its thread; there is nobody here to hand it to.
            drop(thread.join());
        }
    }
}
