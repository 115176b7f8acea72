//! Requests.

use hyper::body::Bytes;
use hyper::header::{CONNECTION, HOST, HeaderValue, PROXY_AUTHORIZATION};
use hyper::{HeaderMap, Method, Uri};

use crate::error::Error;

/// The maximum length of path and query, in bytes: the limit of most servers and of the `http` crate.
const MAX_TARGET: usize = 65_534;

/// A request to an [`Endpoint`](super::Endpoint).
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, which begins with a slash, and the query; percent-encoded.
    pub target: String,
    /// The headers; `Host` is added when the request is sent.
    pub headers: HeaderMap,
    /// The body; may be empty.
    pub body: Bytes,
    /// `true` to send the request over one connection only.
    pub(crate) is_sent_once: bool,
}

impl Request {
    /// Creates a GET request for this path and query.
    #[must_use]
    pub fn get(target: impl Into<String>) -> Self {
        Self::new(Method::GET, target)
    }

    /// Creates a request without headers and body.
    #[must_use]
    pub fn new(method: Method, target: impl Into<String>) -> Self {
        Self {
            method,
            target: target.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            is_sent_once: false,
        }
    }

    /// Sends the request over one connection only. If a reused connection ends before the answer, the request
    /// is not repeated on another one, and fails with [`Error::ConnectionLost`]. Use it for a request that refers to the
    /// state of the server, such as a long poll with the index of an earlier answer: a server that closes its
    /// connections may have lost that state.
    #[must_use]
    pub fn sent_once(mut self) -> Self {
        self.is_sent_once = true;
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Replaces the headers.
    #[must_use]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    /// Creates the message for a connection.
    pub(crate) fn message(&self, form: &Form<'_>) -> Result<Message, Error> {
        let len = self.target.len();
        if len > MAX_TARGET {
            return Err(Error::Invalid(format!(
                "its path and query have {len} bytes, more than the {MAX_TARGET} that are allowed"
            )));
        }
        let invalid = |error: &dyn std::error::Error| Error::Invalid(error.to_string());
        let uri = match form.scheme {
            None => self.target.parse().map_err(|error| invalid(&error))?,
            Some(scheme) => Uri::builder()
                .scheme(scheme)
                .authority(form.authority)
                .path_and_query(self.target.as_str())
                .build()
                .map_err(|error| invalid(&error))?,
        };
        let mut message = hyper::Request::new(http_body_util::Full::new(self.body.clone()));
        *message.method_mut() = self.method.clone();
        *message.uri_mut() = uri;
        *message.headers_mut() = self.headers.clone();
        let headers = message.headers_mut();
        if form.host {
            let host = HeaderValue::from_str(form.authority).map_err(|error| invalid(&error))?;
            headers.insert(HOST, host);
        }
        if form.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(authorization) = form.proxy_authorization {
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        Ok(message)
    }
}

/// A request in the form that is sent over a connection.
pub(crate) type Message = hyper::Request<http_body_util::Full<Bytes>>;

/// The form of a message, which depends on the connection and the protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form<'a> {
    /// The scheme, if the message contains the whole URL: over HTTP/2 and to a proxy.
    pub(crate) scheme: Option<&'static str>,
    /// Host and port of the server.
    pub(crate) authority: &'a str,
    /// `true` to send a `Host` header.
    pub(crate) host: bool,
    /// `true` to close the connection after the answer.
    pub(crate) close: bool,
    /// The credentials for a proxy that forwards the request.
    pub(crate) proxy_authorization: Option<&'a HeaderValue>,
}
