//! An answer before it goes on the wire: status, headers, body, shaped as Consul shapes them.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, StatusCode};
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
    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: vec![("Vary", "Accept-Encoding".into())],
            body: Bytes::new(),
        }
    }

    /// Plain text, which is how Consul says what is wrong.
    pub(crate) fn text(status: u16, text: impl Into<String>) -> Self {
        let reply = Self {
            body: Bytes::from(text.into()),
            ..Self::empty(status)
        };
        reply.with("Content-Type", "text/plain; charset=utf-8")
    }

    /// JSON.
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

    /// A web page.
    pub(crate) fn html(status: u16, page: impl Into<String>) -> Self {
        let reply = Self {
            body: Bytes::from(page.into()),
            ..Self::empty(status)
        };
        reply.with("Content-Type", "text/html; charset=utf-8")
    }

    /// With this header, in place of one of the same name.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.without(name);
        self.headers.push((name, value.into()));
        self
    }

    /// With the headers that tell a query's standing.
    pub(crate) fn with_standing(
        self,
        index: u64,
        known_leader: bool,
        last_contact_ms: u64,
    ) -> Self {
        self.with("X-Consul-Index", index.to_string())
            .with("X-Consul-Knownleader", known_leader.to_string())
            .with("X-Consul-Lastcontact", last_contact_ms.to_string())
    }

    /// Has it this header?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(own, _)| *own == name)
    }

    /// Takes a header away.
    pub(crate) fn without(&mut self, name: &str) {
        self.headers.retain(|(own, _)| *own != name);
    }

    /// The answer for the wire.
    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response
                    .headers_mut()
                    .insert(name.to_ascii_lowercase().parse().unwrap_or(VARY), value);
            }
        }
        response
    }
}

const VARY: axum::http::HeaderName = axum::http::header::VARY;

/// JSON with four spaces and a final newline, as `?pretty` gives it.
fn indented(value: &Value) -> Vec<u8> {
    let mut body = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut body, format);
    let written = value.serialize(&mut serializer);
    debug_assert!(written.is_ok(), "a JSON value always has a text");
    body.push(b'\n');
    body
}
