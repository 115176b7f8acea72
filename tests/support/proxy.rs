//! A proxy for HTTPS that takes every host for this machine.
//!
//! Input: `CONNECT HOST:PORT`. Output: a way to that port of 127.0.0.1, and the line in which it was asked for.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

/// It runs as long as the test does.
pub struct Proxy {
    address: String,
    questions: mpsc::Receiver<String>,
}

impl Proxy {
    /// Starts it.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (asked, questions) = mpsc::channel();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, asked) = (client.unwrap(), asked.clone());
                std::thread::spawn(move || serve(client, &asked));
            }
        });
        Self { address, questions }
    }

    /// Where it is.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The first line of the next request, if there was one.
    pub fn asked(&self) -> Option<String> {
        self.questions.try_recv().ok()
    }
}

fn serve(mut client: TcpStream, asked: &mpsc::Sender<String>) {
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
    // The test may have ended.
    let _ = asked.send(line.to_owned());
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    // Either side may go away when it has what it wants.
    let _ = std::io::copy(&mut server, &mut client);
}
