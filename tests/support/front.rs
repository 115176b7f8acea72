//! A proxy in front of Consul whose behaviour a test switches.
//!
//! Input: an address to forward to, or an answer for every request. Output: the same bytes, until the test
//! switches: then all connections are cut, and new ones see the new behaviour.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};

/// The pause between two looks at both sides of a connection.
const TICK: Duration = Duration::from_millis(2);

/// The behaviour for new connections.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Forward to this server.
    Forward(SocketAddr),
    /// Give every request this answer.
    Answer(String),
    /// Read everything and answer nothing.
    Silent,
}

/// A running proxy. Dropping it ends its connections.
pub struct Front {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    behaviour: Mutex<Behaviour>,
    /// The number of switches so far.
    generation: AtomicUsize,
    /// `true` if connections of earlier behaviours disappear without a packet.
    vanish: AtomicBool,
    /// The number of requests that were answered by the proxy itself.
    answered: AtomicUsize,
    /// The generation of each open connection.
    open: Mutex<Vec<usize>>,
}

impl Front {
    /// Starts a proxy with this behaviour.
    pub fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(behaviour),
            generation: AtomicUsize::new(0),
            vanish: AtomicBool::new(false),
            answered: AtomicUsize::new(0),
            open: Mutex::default(),
        });
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, own) = (client.unwrap(), Arc::clone(&own));
                std::thread::spawn(move || own.serve(client));
            }
        });
        Self { address, shared }
    }

    /// Returns the address of the proxy.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Switches the behaviour, and cuts all connections.
    pub fn switch(&self, behaviour: Behaviour) {
        self.order(behaviour);
        crate::support::eventually("all earlier connections are gone", || {
            let current = self.shared.generation.load(Ordering::SeqCst);
            let open = self.shared.open.lock().unwrap();
            open.iter().all(|generation| *generation == current)
        });
    }

    fn order(&self, behaviour: Behaviour) {
        let mut current = self.shared.behaviour.lock().unwrap();
        *current = behaviour;
        self.shared.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Switches the behaviour. The clients of earlier connections receive no packet, as if their peer had lost its
    /// power. This needs `CAP_NET_ADMIN`.
    pub fn vanish(&self, behaviour: Behaviour) {
        self.shared.vanish.store(true, Ordering::SeqCst);
        self.switch(behaviour);
        self.shared.vanish.store(false, Ordering::SeqCst);
    }

    /// Returns the number of open connections.
    pub fn open(&self) -> usize {
        self.shared.open.lock().unwrap().len()
    }

    /// Returns the number of requests that the proxy has answered itself.
    pub fn answered(&self) -> usize {
        self.shared.answered.load(Ordering::SeqCst)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.order(Behaviour::Silent);
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) {
        let (behaviour, generation) = {
            let behaviour = self.behaviour.lock().unwrap();
            let generation = self.generation.load(Ordering::SeqCst);
            self.open.lock().unwrap().push(generation);
            (behaviour.clone(), generation)
        };
        let is_current = || self.generation.load(Ordering::SeqCst) == generation;
        client.set_read_timeout(Some(TICK)).unwrap();
        // Either side may close the connection first.
        let _ = match behaviour {
            Behaviour::Forward(server) => forward(&mut client, server, is_current),
            Behaviour::Answer(answer) => self.answer(&mut client, &answer, is_current),
            Behaviour::Silent => swallow(&mut client, is_current),
        };
        if !is_current() && self.vanish.load(Ordering::SeqCst) {
            setsockopt(&client, sockopt::TcpRepair, &1).unwrap();
        }
        drop(client);
        let mut open = self.open.lock().unwrap();
        if let Some(own) = open.iter().position(|own| *own == generation) {
            open.swap_remove(own);
        }
    }

    fn answer(
        &self,
        client: &mut TcpStream,
        answer: &str,
        is_current: impl Fn() -> bool,
    ) -> io::Result<()> {
        let mut request = Vec::new();
        while is_current() {
            let Some(bytes) = read(client)? else {
                continue;
            };
            request.extend(bytes);
            if request.ends_with(b"\r\n\r\n") {
                self.answered.fetch_add(1, Ordering::SeqCst);
                request.clear();
                client.write_all(answer.as_bytes())?;
            }
        }
        Ok(())
    }
}

fn forward(
    client: &mut TcpStream,
    server: SocketAddr,
    is_current: impl Fn() -> bool,
) -> io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    server.set_read_timeout(Some(TICK))?;
    while is_current() {
        if let Some(bytes) = read(client)? {
            server.write_all(&bytes)?;
        }
        if let Some(bytes) = read(&mut server)? {
            client.write_all(&bytes)?;
        }
    }
    Ok(())
}

fn swallow(client: &mut TcpStream, is_current: impl Fn() -> bool) -> io::Result<()> {
    while is_current() {
        read(client)?;
    }
    Ok(())
}

/// Reads what has arrived; `None` if there is nothing yet.
fn read(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut some = [0; 16_384];
    match stream.read(&mut some) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(length) => Ok(Some(some[..length].to_vec())),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// An HTTP answer with this status line, further headers, and a body.
pub fn http_answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    // An answer 204 has no body.
    let length = if status.starts_with("204") {
        String::new()
    } else {
        format!("Content-Length: {length}\r\n")
    };
    format!("HTTP/1.1 {status}\r\n{headers}{length}\r\n{body}")
}
