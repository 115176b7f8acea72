//! One HTTP/1.1 exchange, without its socket (RFC 9112).
//!
//! in:  an address and headers; then the bytes of the answer, in whatever pieces they arrive
//! out: the bytes of the request; then status, headers and body, or what is wrong with them ([`Malformed`])
//!
//! Heads and the sizes of chunks are parsed by `httparse`; where a body ends is decided here.

use reqwest::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, InvalidHeaderName,
    InvalidHeaderValue, TRANSFER_ENCODING,
};
use reqwest::{StatusCode, Url};

use super::transport::{LONGEST_ANSWER, RawResponse, TransportError};

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

/// The bytes that ask for `address`, on a connection that is kept or not.
///
/// # Errors
/// [`TransportError::Unaskable`] when the address is too long.
pub(super) fn request(
    address: &Url,
    authority: &str,
    headers: &HeaderMap,
    keeps: bool,
) -> Result<Vec<u8>, TransportError> {
    let len = address.path().len() + address.query().map_or(0, |query| query.len() + 1);
    if len > LONGEST_TARGET {
        return Err(TransportError::Unaskable(format!(
            "its address is {len} bytes long, and may have {LONGEST_TARGET}"
        )));
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
    if !keeps {
        request.extend_from_slice(b"\r\nconnection: close");
    }
    request.extend_from_slice(b"\r\n\r\n");
    Ok(request)
}

/// An answer on its way. It takes up nothing until the first byte has come.
#[derive(Debug, Default)]
pub(super) struct ResponseParser {
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

impl ResponseParser {
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
    pub(super) fn finish(self) -> Result<(RawResponse, bool), Malformed> {
        let Self {
            pending,
            head,
            body,
            next,
        } = self;
        match (head, next) {
            (Some(head), Next::End | Next::BodyToTheEnd) => {
                let Head {
                    status,
                    headers,
                    keeps,
                } = head;
                // What comes behind an answer was not asked for.
                Ok((
                    RawResponse {
                        status,
                        headers,
                        body,
                    },
                    keeps && next == Next::End && pending.is_empty(),
                ))
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
                let Some((head, framing, len)) = read_head(pending)? else {
                    return Ok(None);
                };
                // An interim answer says only that the real one will come.
                if !head.status.is_informational() {
                    self.head = Some(head);
                    self.next = framing;
                }
                Ok(Some(len))
            }
            Next::Body(left) | Next::Chunk(left) => {
                let len = left.min(pending.len());
                let behind = if matches!(self.next, Next::Body(_)) {
                    Next::End
                } else {
                    Next::ChunkEnd
                };
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
                    self.next = if size == 0 {
                        Next::Trailer
                    } else {
                        Next::Chunk(size)
                    };
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
                None => Err(Malformed::Body(
                    "what follows the last chunk does not end".to_owned(),
                )),
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
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
                return Err(Malformed::LargeHead);
            }
            Err(error) => return Err(Malformed::Head(format!("this is not HTTP ({error})"))),
        }
    }
}

fn understand(parsed: &httparse::Response<'_, '_>) -> Result<(Head, Next), Malformed> {
    let wrong = |reason: &str| Malformed::Head(reason.to_owned());
    let status = StatusCode::from_u16(parsed.code.unwrap_or_default())
        .map_err(|_| wrong("its status is none"))?;
    let mut headers = HeaderMap::with_capacity(parsed.headers.len());
    for header in parsed.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes())
            .map_err(|_: InvalidHeaderName| wrong("it has a header without a proper name"))?;
        let value = HeaderValue::from_bytes(header.value).map_err(|_: InvalidHeaderValue| {
            wrong("it has a header with a character that does not belong there")
        })?;
        headers.append(name, value);
    }
    let framing = framing(status, &headers)?;
    let says = |word: &str| {
        let said = headers
            .get_all(CONNECTION)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        said.flat_map(|value| value.split(','))
            .any(|said| said.trim().eq_ignore_ascii_case(word))
    };
    let keeps = if parsed.version == Some(1) {
        !says("close")
    } else {
        says("keep-alive")
    };
    Ok((
        Head {
            status,
            headers,
            keeps,
        },
        framing,
    ))
}

/// Where the body ends (RFC 9112 §6.3).
fn framing(status: StatusCode, headers: &HeaderMap) -> Result<Next, Malformed> {
    if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Ok(Next::End);
    }
    if let Some(coding) = headers.get_all(TRANSFER_ENCODING).into_iter().next_back() {
        let last = coding
            .to_str()
            .unwrap_or_default()
            .rsplit(',')
            .next()
            .unwrap_or_default()
            .trim();
        return Ok(if last.eq_ignore_ascii_case("chunked") {
            Next::ChunkSize
        } else {
            Next::BodyToTheEnd
        });
    }
    let mut lengths = headers
        .get_all(CONTENT_LENGTH)
        .into_iter()
        .map(|value| value.to_str().ok()?.trim().parse().ok());
    let Some(length) = lengths.next() else {
        return Ok(Next::BodyToTheEnd);
    };
    let same = lengths.all(|another| another == length);
    let length: usize = length
        .filter(|_| same)
        .ok_or_else(|| Malformed::Body("its length is no number".to_owned()))?;
    match length {
        0 => Ok(Next::End),
        length if length > LONGEST_ANSWER => Err(Malformed::TooLong),
        length => Ok(Next::Body(length)),
    }
}

#[cfg(test)]
mod tests;
