//! A port that can be shut and opened again without anybody else taking it.
//!
//! in:  an address
//! out: connections, while it is open; refusals, while it is shut

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;

/// Pause before trying again what the system refused.
const PAUSE: Duration = Duration::from_millis(10);

/// A port.
#[derive(Debug)]
pub(crate) struct Door {
    address: SocketAddr,
    state: State,
}

#[derive(Debug)]
enum State {
    Open(TcpListener),
    /// Bound but not listening, so that the port stays ours and connections to it are refused.
    Shut(TcpSocket),
    Between,
}

impl Door {
    /// Opens the port; 0 takes a free one.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            state: State::Open(listener),
        })
    }

    /// The port's address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection; never while the door is shut.
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
                        "the embedded server cannot take a connection error={error}"
                    );
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Opens or shuts the door, trying until the system lets it.
    pub(crate) async fn set(&mut self, open: bool) {
        if open == matches!(self.state, State::Open(_)) {
            return;
        }
        let mut socket = match std::mem::replace(&mut self.state, State::Between) {
            State::Shut(socket) => Some(socket),
            State::Open(_) | State::Between => None,
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
                    Ok(State::Shut(socket))
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
                        "the embedded server waits for its port error={error} address={address}"
                    );
                    sleep(PAUSE).await;
                }
            }
        }
    }
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
