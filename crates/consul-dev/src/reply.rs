//! An answer before it is sent: status, headers and body.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize as _;
use serde_json::Value;

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The status code.
    pub(crate) status: u16,
    /// Headers, in order.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) body: Bytes,
}

impl Reply {
    /// Creates an answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: vec![("Vary", "Accept-Encoding".into())],
            body: Bytes::new(),
        }
    }

    /// Creates an answer of plain text; Consul's errors have this form.
    pub(crate) fn text(status: u16, text: impl Into<String>) -> Self {
        let reply = Self {
            body: Bytes::from(text.into()),
            ..Self::empty(status)
        };
        reply.with("Content-Type", "text/plain; charset=utf-8")
    }

    /// Creates a JSON answer.
    pub(crate) fn json(value: &Value, pretty: bool) -> Self {
        let body = if pretty {
            indented(value)
        } else {
            value.to_string().into_bytes()
        };
        Self {
            body: body.into(),
            ..Self::empty(200)
        }
        .with("Content-Type", "application/json")
    }

    /// Creates an answer with a web page.
    pub(crate) fn html(status: u16, page: impl Into<String>) -> Self {
        let reply = Self {
            body: Bytes::from(page.into()),
            ..Self::empty(status)
        };
        reply.with("Content-Type", "text/html; charset=utf-8")
    }

    /// Sets a header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.without(name);
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the headers of an answer to a query: the index and the state of the leader.
    pub(crate) fn with_query_meta(self, index: u64, known_leader: bool) -> Self {
        self.with("X-Consul-Index", index.to_string())
            .with("X-Consul-Knownleader", known_leader.to_string())
            .with("X-Consul-Lastcontact", "0")
    }

    /// Returns `true` if the header is set.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(own, _)| *own == name)
    }

    /// Removes a header.
    pub(crate) fn without(&mut self, name: &str) {
        self.headers.retain(|(own, _)| *own != name);
    }

    /// Converts the answer for the HTTP server.
    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// Returns JSON with an indentation of four spaces and a final newline, as `?pretty` does.
fn indented(value: &Value) -> Vec<u8> {
    let mut body = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut body, format);
    let written = value.serialize(&mut serializer);
    debug_assert!(written.is_ok(), "a JSON value can always be written");
    body.push(b'\n');
    body
}
