//! A listening port that can be closed and opened again while it stays reserved.
//!
//! Input: an address. Output: connections while the port is open; refused connections while it is
//! closed.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;

/// The pause before an operation that the system refused is retried.
const PAUSE: Duration = Duration::from_millis(10);

/// A port that is open or closed.
#[derive(Debug)]
pub(crate) struct ListenerGate {
    address: SocketAddr,
    state: State,
}

#[derive(Debug)]
enum State {
    Open(TcpListener),
    /// Bound but not listening: the port stays reserved and connections to it are refused.
    Closed(TcpSocket),
    Changing,
}

impl ListenerGate {
    /// Opens the port; port 0 selects a free one.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| cannot_listen(address, &error))?;
        Ok(Self {
            address: listener.local_addr()?,
            state: State::Open(listener),
        })
    }

    /// Returns the port's address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the next connection. While the port is closed, there is none.
    pub(crate) async fn next(&self) -> TcpStream {
        let State::Open(listener) = &self.state else {
            return std::future::pending().await;
        };
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(error) => {
                    tracing::warn!(
                        name: "dev.not_accepting", %error,
                        "embedded server: cannot accept a connection: {error}: retrying"
                    );
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Opens or closes the port. Retries until the system allows it.
    pub(crate) async fn set(&mut self, open: bool) {
        if open == matches!(self.state, State::Open(_)) {
            return;
        }
        let mut socket = match std::mem::replace(&mut self.state, State::Changing) {
            State::Closed(socket) => Some(socket),
            State::Open(_) | State::Changing => None,
        };
        loop {
            let bound = match socket.take() {
                Some(socket) => Ok(socket),
                None => bind(self.address),
            };
            let done = bound.and_then(|socket| {
                if open {
                    socket.listen(1024).map(State::Open)
                } else {
                    Ok(State::Closed(socket))
                }
            });
            match done {
                Ok(state) => {
                    self.state = state;
                    return;
                }
                Err(error) => {
                    let address = self.address;
                    tracing::warn!(
                        name: "dev.no_port", %error, %address,
                        "embedded server: cannot bind {address}: {error}: retrying"
                    );
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

/// Adds the address and the remedy to the system's error.
fn cannot_listen(address: SocketAddr, error: &io::Error) -> io::Error {
    let reason = match error.kind() {
        io::ErrorKind::AddrInUse => "the port is in use (is Consul running?)".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this host does not have the address".to_owned(),
        io::ErrorKind::PermissionDenied => "only root can use a port below 1024".to_owned(),
        _ => error.to_string(),
    };
    io::Error::new(
        error.kind(),
        format!("cannot listen on {address}: {reason}"),
    )
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
