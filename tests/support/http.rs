//! Sends one HTTP request per connection, without TLS.
//!
//! Input: an address, a method, a target, a body. Output: the answer: status, headers, body.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The default time limit for an answer.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// Returns the value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Returns the index in the header `X-Consul-Index`.
    pub fn index(&self) -> u64 {
        let index = self
            .header("X-Consul-Index")
            .and_then(|text| text.parse().ok());
        index.unwrap_or_else(|| panic!("no index in {self:?}"))
    }
}

/// A sent request whose answer was not received yet.
pub struct Pending {
    stream: TcpStream,
    bytes: Vec<u8>,
}

/// Sends a request.
pub fn send(address: SocketAddr, method: &str, target: &str, body: &str) -> io::Result<Pending> {
    let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    send_on(stream, method, target, body)
}

/// Sends a request on a new connection.
pub fn send_on(
    mut stream: TcpStream,
    method: &str,
    target: &str,
    body: &str,
) -> io::Result<Pending> {
    let address = stream.peer_addr()?;
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes())?;
    Ok(Pending {
        stream,
        bytes: Vec::new(),
    })
}

/// Sends a request and receives the answer.
pub fn request(address: SocketAddr, method: &str, target: &str, body: &str) -> io::Result<Answer> {
    send(address, method, target, body)?.answer(TIMEOUT)
}

/// Sends a GET request and receives the answer.
pub fn get(address: SocketAddr, target: &str) -> io::Result<Answer> {
    request(address, "GET", target, "")
}

impl Pending {
    /// Returns `true` if no part of the answer arrives within this time.
    pub fn is_silent_for(&mut self, time: Duration) -> bool {
        self.stream
            .set_read_timeout(Some(time))
            .expect("a time limit");
        let mut some = [0; 1024];
        match self.stream.read(&mut some) {
            Ok(length) => {
                self.bytes.extend_from_slice(&some[..length]);
                false
            }
            Err(error) => matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
            ),
        }
    }

    /// Receives the answer.
    pub fn answer(mut self, timeout: Duration) -> io::Result<Answer> {
        self.stream.set_read_timeout(Some(timeout))?;
        match self.stream.read_to_end(&mut self.bytes) {
            // A server that closes while the client still sends may reset the connection after its
            // answer.
            Err(error)
                if error.kind() == io::ErrorKind::ConnectionReset && !self.bytes.is_empty() => {}
            read => drop(read?),
        }
        parse(&self.bytes)
            .ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "no HTTP answer"))
    }
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let chunked = headers
        .iter()
        .any(|(name, value)| name == "Transfer-Encoding" && value == "chunked");
    let body = &bytes[end + 4..];
    let body = if chunked {
        unchunk(body)?
    } else {
        body.to_vec()
    };
    Some(Answer {
        status,
        headers,
        body: String::from_utf8(body).ok()?,
    })
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        let start = line + 2;
        body.extend_from_slice(rest.get(start..start + length)?);
        rest = rest.get(start + length + 2..)?;
    }
}
