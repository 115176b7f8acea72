//! One HTTP/1.1 exchange, without its socket (RFC 9112).
//!
//! in:  an address and headers; then the bytes of the answer, in whatever pieces they arrive
//! out: the bytes of the request; then status, headers and body, or what is wrong with them ([`Malformed`])
//!
//! Heads and the sizes of chunks are parsed by `httparse`; where a body ends is decided here.

use reqwest::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, InvalidHeaderName, InvalidHeaderValue,
    TRANSFER_ENCODING,
};
use reqwest::{StatusCode, Url};

use super::transport::{Fetched, LONGEST_ANSWER, Lost};

/// The longest address that is sent, as in most clients and servers.
const LONGEST_TARGET: usize = 65_534;
/// The longest head that is read. Go's client has the same limit.
const LONGEST_HEAD: usize = 1 << 20;
/// How many headers are made room for at first, and at the most.
const HEADERS: (usize, usize) = (32, 4096);
/// The longest line that tells the size of a chunk, or that follows the last one.
const LONGEST_LINE: usize = 8192;

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// It does not begin as an answer does; with the reason.
    Head(String),
    /// Its head is longer than any server's should be.
    LargeHead,
    /// Its chunks make no sense, or it says of its length what cannot be; with the reason.
    Body(String),
    /// It is longer than [`LONGEST_ANSWER`].
    TooLong,
    /// The connection ended before it did.
    CutOff,
    /// The connection ended before it began.
    Nothing,
}

/// The bytes that ask for `address`.
///
/// # Errors
/// [`Lost::Unaskable`] when the address is too long.
pub(super) fn request(address: &Url, authority: &str, headers: &HeaderMap) -> Result<Vec<u8>, Lost> {
    let len = address.path().len() + address.query().map_or(0, |query| query.len() + 1);
    if len > LONGEST_TARGET {
        return Err(Lost::Unaskable(format!("its address is {len} bytes long, and may have {LONGEST_TARGET}")));
    }
    let mut request = Vec::with_capacity(len + 256);
    request.extend_from_slice(b"GET ");
    request.extend_from_slice(address.path().as_bytes());
    if let Some(query) = address.query() {
        request.push(b'?');
        request.extend_from_slice(query.as_bytes());
    }
    request.extend_from_slice(b" HTTP/1.1\r\nhost: ");
    request.extend_from_slice(authority.as_bytes());
    for (name, value) in headers {
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(name.as_str().as_bytes());
        request.extend_from_slice(b": ");
        request.extend_from_slice(value.as_bytes());
    }
    request.extend_from_slice(b"\r\n\r\n");
    Ok(request)
}

/// An answer on its way. It takes up nothing until the first byte has come.
#[derive(Debug, Default)]
pub(super) struct Answering {
    /// What has come and was not understood yet.
    pending: Vec<u8>,
    head: Option<Head>,
    body: Vec<u8>,
    next: Next,
}

#[derive(Debug)]
struct Head {
    status: StatusCode,
    headers: HeaderMap,
    /// The connection can be used again.
    keeps: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    #[default]
    Head,
    /// So much of the body.
    Body(usize),
    /// All of the body, until the connection ends.
    BodyToTheEnd,
    /// The line that tells the size of a chunk.
    ChunkSize,
    /// So much of a chunk.
    Chunk(usize),
    /// The end of line behind a chunk.
    ChunkEnd,
    /// The lines behind the last chunk.
    Trailer,
    /// Nothing.
    End,
}

impl Answering {
    /// Takes in what has come.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        self.pending.extend_from_slice(bytes);
        let mut used = 0;
        let end = loop {
            match self.advance(used) {
                Ok(Some(more)) => used += more,
                Ok(None) => break Ok(()),
                Err(malformed) => break Err(malformed),
            }
        };
        self.pending.drain(..used);
        end
    }

    /// Has any of it come?
    pub(super) fn has_begun(&self) -> bool {
        self.head.is_some() || !self.pending.is_empty()
    }

    /// Has all of it come?
    pub(super) fn is_complete(&self) -> bool {
        self.next == Next::End
    }

    /// The answer, when all of it has come or the connection has ended; and whether the connection can be used again.
    pub(super) fn finish(self) -> Result<(Fetched, bool), Malformed> {
        let Self { pending, head, body, next } = self;
        match (head, next) {
            (Some(head), Next::End | Next::BodyToTheEnd) => {
                let Head { status, headers, keeps } = head;
                // What comes behind an answer was not asked for.
                Ok((Fetched { status, headers, body }, keeps && next == Next::End && pending.is_empty()))
            }
            (None, _) if pending.is_empty() => Err(Malformed::Nothing),
            _ => Err(Malformed::CutOff),
        }
    }

    /// Understands one more piece of what is pending from `from` on; says how long it is, or that more has to come.
    fn advance(&mut self, from: usize) -> Result<Option<usize>, Malformed> {
        let pending = &self.pending[from..];
        if pending.is_empty() {
            return Ok(None);
        }
        match self.next {
            Next::Head => {
                let Some((head, framing, len)) = read_head(pending)? else { return Ok(None) };
                // An interim answer says only that the real one will come.
                if !head.status.is_informational() {
                    self.head = Some(head);
                    self.next = framing;
                }
                Ok(Some(len))
            }
            Next::Body(left) | Next::Chunk(left) => {
                let len = left.min(pending.len());
                let behind = if matches!(self.next, Next::Body(_)) { Next::End } else { Next::ChunkEnd };
                let is_all = len == left;
                self.next = match self.next {
                    _ if is_all => behind,
                    Next::Body(_) => Next::Body(left - len),
                    _ => Next::Chunk(left - len),
                };
                self.keep(from, len)
            }
            Next::BodyToTheEnd => self.keep(from, pending.len()),
            Next::ChunkSize => match httparse::parse_chunk_size(pending) {
                Ok(httparse::Status::Complete((len, size))) => {
                    let size = usize::try_from(size).map_err(|_| Malformed::TooLong)?;
                    self.next = if size == 0 { Next::Trailer } else { Next::Chunk(size) };
                    Ok(Some(len))
                }
                Ok(httparse::Status::Partial) if pending.len() < LONGEST_LINE => Ok(None),
                _ => Err(Malformed::Body("a chunk has no size".to_owned())),
            },
            Next::ChunkEnd => match pending {
                [b'\r', b'\n', ..] => {
                    self.next = Next::ChunkSize;
                    Ok(Some(2))
                }
                [b'\r'] => Ok(None),
                _ => Err(Malformed::Body("a chunk is longer than it says".to_owned())),
            },
            Next::Trailer => match pending.iter().position(|&byte| byte == b'\n') {
                Some(end) => {
                    if matches!(&pending[..end], [] | [b'\r']) {
                        self.next = Next::End;
                    }
                    Ok(Some(end + 1))
                }
                None if pending.len() < LONGEST_LINE => Ok(None),
                None => Err(Malformed::Body("what follows the last chunk does not end".to_owned())),
            },
            Next::End => Ok(None),
        }
    }

    /// Moves so much of what is pending to the body.
    fn keep(&mut self, from: usize, len: usize) -> Result<Option<usize>, Malformed> {
        if self.body.len() + len > LONGEST_ANSWER {
            return Err(Malformed::TooLong);
        }
        self.body.extend_from_slice(&self.pending[from..from + len]);
        Ok(Some(len))
    }
}

/// The head at the beginning of `bytes`, what follows it, and its length; nothing if it has not come whole.
fn read_head(bytes: &[u8]) -> Result<Option<(Head, Next, usize)>, Malformed> {
    let (mut room, most) = HEADERS;
    loop {
        let mut headers = vec![httparse::EMPTY_HEADER; room];
        let mut parsed = httparse::Response::new(&mut headers);
        match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(len)) => {
                let (head, framing) = understand(&parsed)?;
                return Ok(Some((head, framing, len)));
            }
            Ok(httparse::Status::Partial) if bytes.len() < LONGEST_HEAD => return Ok(None),
            Err(httparse::Error::TooManyHeaders) if room < most => room *= 4,
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => return Err(Malformed::LargeHead),
            Err(error) => return Err(Malformed::Head(format!("this is not HTTP ({error})"))),
        }
    }
}

fn understand(parsed: &httparse::Response<'_, '_>) -> Result<(Head, Next), Malformed> {
    let wrong = |reason: &str| Malformed::Head(reason.to_owned());
    let status = StatusCode::from_u16(parsed.code.unwrap_or_default()).map_err(|_| wrong("its status is none"))?;
    let mut headers = HeaderMap::with_capacity(parsed.headers.len());
    for header in parsed.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes())
            .map_err(|_: InvalidHeaderName| wrong("it has a header without a proper name"))?;
        let value = HeaderValue::from_bytes(header.value)
            .map_err(|_: InvalidHeaderValue| wrong("it has a header with a character that does not belong there"))?;
        headers.append(name, value);
    }
    let framing = framing(status, &headers)?;
    let says = |word: &str| {
        let said = headers.get_all(CONNECTION).into_iter().filter_map(|value| value.to_str().ok());
        said.flat_map(|value| value.split(',')).any(|said| said.trim().eq_ignore_ascii_case(word))
    };
    let keeps = if parsed.version == Some(1) { !says("close") } else { says("keep-alive") };
    Ok((Head { status, headers, keeps }, framing))
}

/// Where the body ends (RFC 9112 §6.3).
fn framing(status: StatusCode, headers: &HeaderMap) -> Result<Next, Malformed> {
    if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Ok(Next::End);
    }
    if let Some(coding) = headers.get_all(TRANSFER_ENCODING).into_iter().next_back() {
        let last = coding.to_str().unwrap_or_default().rsplit(',').next().unwrap_or_default().trim();
        return Ok(if last.eq_ignore_ascii_case("chunked") { Next::ChunkSize } else { Next::BodyToTheEnd });
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).into_iter().map(|value| value.to_str().ok()?.trim().parse().ok());
    let Some(length) = lengths.next() else { return Ok(Next::BodyToTheEnd) };
    let same = lengths.all(|another| another == length);
    let length: usize = length.filter(|_| same).ok_or_else(|| Malformed::Body("its length is no number".to_owned()))?;
    match length {
        0 => Ok(Next::End),
        length if length > LONGEST_ANSWER => Err(Malformed::TooLong),
        length => Ok(Next::Body(length)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<(u16, String, bool), Malformed> {
        let mut answering = Answering::default();
        for piece in pieces {
            answering.take(piece)?;
        }
        let (fetched, keeps) = answering.finish()?;
        Ok((fetched.status.as_u16(), String::from_utf8(fetched.body).unwrap(), keeps))
    }

    #[test]
    fn a_request_names_host_path_and_headers() {
        let address: Url = "http://u:p@consul:8500/v1/kv/a%20b?wait=5s&stale".parse().unwrap();
        let headers = HeaderMap::from_iter([(HeaderName::from_static("x-a"), HeaderValue::from_static("1"))]);
        let request = request(&address, "consul:8500", &headers).unwrap();
        let expected = "GET /v1/kv/a%20b?wait=5s&stale HTTP/1.1\r\nhost: consul:8500\r\nx-a: 1\r\n\r\n";
        assert_eq!(String::from_utf8(request).unwrap(), expected);
        let long: Url = format!("http://consul/{}", "x".repeat(LONGEST_TARGET)).parse().unwrap();
        assert!(matches!(super::request(&long, "consul", &headers), Err(Lost::Unaskable(_))));
    }

    #[test]
    fn a_body_ends_where_its_head_says() {
        let cases: [(&str, u16, &str, bool); 12] = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", 200, "[]", true),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, "", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n[]", 200, "[]", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: foo, Close\r\n\r\n[]", 200, "[]", false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n[]", 200, "[]", false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n[]", 200, "[]", true),
            ("HTTP/1.1 200 OK\r\n\r\n[1]", 200, "[1]", false),
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx", 404, "x", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]HTTP/1.1 200 OK\r\n", 200, "[]", false),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
                200,
                "abc0123456789",
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n1\r\na\r\n0\r\nX-Trailer: 1\r\n\r\n",
                200,
                "a",
                true,
            ),
        ];
        for (bytes, status, body, keeps) in cases {
            assert_eq!(read(&[bytes.as_bytes()]), Ok((status, body.to_owned(), keeps)), "{bytes:?}");
            let singly: Vec<_> = bytes.as_bytes().chunks(1).collect();
            assert_eq!(read(&singly), Ok((status, body.to_owned(), keeps)), "byte by byte: {bytes:?}");
        }
    }

    #[test]
    fn what_is_no_answer_is_said() {
        let body = |reason: &str| Malformed::Body(reason.to_owned());
        let cases = [
            ("", Malformed::Nothing),
            ("HTTP/1.1 20", Malformed::CutOff),
            ("HTTP/1.1 100 Continue\r\n\r\n", Malformed::Nothing),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[]", Malformed::CutOff),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n[]", body("its length is no number")),
            ("HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n[]", body("its length is no number")),
            ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n[]", Malformed::TooLong),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", Malformed::CutOff),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
                body("a chunk is longer than it says"),
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", body("a chunk has no size")),
        ];
        for (bytes, malformed) in cases {
            assert_eq!(read(&[bytes.as_bytes()]), Err(malformed), "{bytes:?}");
        }
        assert!(matches!(read(&[b"SSH-2.0-OpenSSH_9.2\r\n"]), Err(Malformed::Head(_))));
        let large = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(LONGEST_HEAD));
        assert_eq!(read(&[large.as_bytes()]), Err(Malformed::LargeHead));
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: 1\r\n".repeat(10_000));
        assert_eq!(read(&[many.as_bytes()]), Err(Malformed::LargeHead));
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            body in "[a-z]{0,60}",
            chunk in 1..20_usize,
            chunked: bool,
            piece in 1..30_usize,
        ) {
            let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
            if chunked {
                bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
                for part in body.as_bytes().chunks(chunk) {
                    bytes.extend(format!("{:x}\r\n", part.len()).bytes().chain(part.iter().copied()).chain(*b"\r\n"));
                }
                bytes.extend(b"0\r\n\r\n");
            } else {
                bytes.extend(format!("Content-Length: {}\r\n\r\n{body}", body.len()).bytes());
            }
            let pieces: Vec<_> = bytes.chunks(piece).collect();
            prop_assert_eq!(read(&pieces), Ok((200, body, true)));
        }

        #[test]
        fn nothing_panics_and_nothing_is_made_up(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            begin in "(HTTP/1.1 200 OK\r\n)?(Transfer-Encoding: chunked\r\n\r\n|Content-Length: [0-9]{1,20}\r\n\r\n)?",
            piece in 1..50_usize,
        ) {
            let all: Vec<u8> = begin.into_bytes().into_iter().chain(bytes).collect();
            let mut answering = Answering::default();
            for piece in all.chunks(piece) {
                if answering.take(piece).is_err() {
                    return Ok(());
                }
            }
            if let Ok((fetched, _)) = answering.finish() {
                prop_assert!(fetched.body.len() <= all.len());
            }
        }
    }
}
