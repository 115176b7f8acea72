//! The non-blocking socket for notifications. Messages that do not fit are queued and sent later.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

/// The interval of attempts to send queued messages.
pub(crate) const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// The maximum number of queued messages.
const MAX_UNSENT: usize = 16;

/// A socket with a queue.
#[derive(Debug)]
pub(crate) struct NotifySocket {
    socket: UnixDatagram,
    address: SocketAddr,
    unsent: VecDeque<String>,
    /// The time of the next attempt; `None` if the queue is empty.
    retry_at: Option<Instant>,
}

impl NotifySocket {
    /// Opens a socket to an address: a path, or `@NAME` for an abstract name.
    pub(crate) fn open(address: &OsStr) -> io::Result<Self> {
        let address = match address.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            _ => SocketAddr::from_pathname(address)?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            address,
            unsent: VecDeque::new(),
            retry_at: None,
        })
    }

    /// Sends a message after the queued ones. If the queue is full, the message is dropped.
    pub(crate) fn send(&mut self, message: String, now: Instant) {
        if self.unsent.len() >= MAX_UNSENT {
            return;
        }
        self.unsent.push_back(message);
        if self.retry_at.is_none() {
            self.send_unsent(now);
        }
    }

    /// Sends the queued messages, if the next attempt is due.
    pub(crate) fn retry(&mut self, now: Instant) {
        if self.retry_at.is_some_and(|retry_at| now >= retry_at) {
            self.send_unsent(now);
        }
    }

    /// Returns the time of the next attempt; `None` if the queue is empty.
    pub(crate) fn next_wake(&self) -> Option<Instant> {
        self.retry_at
    }

    fn send_unsent(&mut self, now: Instant) {
        self.retry_at = None;
        while let Some(message) = self.unsent.front() {
            match self.socket.send_to_addr(message.as_bytes(), &self.address) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.retry_at = Some(now + RETRY_INTERVAL);
                    return;
                }
                // Drop the message on other errors: the receiver has ended.
                Ok(_) | Err(_) => drop(self.unsent.pop_front()),
            }
        }
    }
}
