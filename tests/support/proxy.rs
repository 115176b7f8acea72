//! An HTTP proxy that connects every host name to this machine.
//!
//! Input: `CONNECT HOST:PORT`. Output: a connection to that port of 127.0.0.1, and the request
//! line.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

/// A proxy that runs until the test ends.
pub struct Proxy {
    address: String,
    requests: mpsc::Receiver<String>,
}

impl Proxy {
    /// Starts the proxy.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = mpsc::channel();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, sender) = (client.unwrap(), sender.clone());
                std::thread::spawn(move || serve(client, &sender));
            }
        });
        Self { address, requests }
    }

    /// Returns its URL.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the line of the next request; `None` if there was no further request.
    pub fn request(&self) -> Option<String> {
        self.requests.try_recv().ok()
    }
}

fn serve(mut client: TcpStream, sender: &mpsc::Sender<String>) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let line = head.lines().next().unwrap();
    let port: u16 = line
        .rsplit(':')
        .next()
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    // The receiver is gone if the test has ended.
    let _ = sender.send(line.to_owned());
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    // Either side may close the connection first.
    let _ = std::io::copy(&mut server, &mut client);
}
