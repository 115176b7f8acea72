//! Sends a request that reloads a program.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_client::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderName, HeaderValue, USER_AGENT};
use http_client::{HeaderMap, Method, Request, StatusCode};
use url::Url;

use crate::action::HttpAction;
use crate::request::{RequestError, status};

/// A request that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// It cannot be sent: its parts have characters that HTTP does not allow.
    #[error("the request has characters that HTTP does not allow")]
    Invalid,
    /// There is no answer.
    #[error("cannot send the request")]
    Failed(#[source] RequestError),
    /// The answer is not a success.
    #[error("the server answered {0}; a status from 200 to 299 is a success")]
    Status(StatusCode),
}

/// Sends the request.
pub(crate) async fn send(
    action: &HttpAction,
    program: &'static str,
    limit: Duration,
) -> Result<(), HttpError> {
    let request = request(action, program).ok_or(HttpError::Invalid)?;
    let status = status(&action.url, &request, limit)
        .await
        .map_err(HttpError::Failed)?;
    if status.is_success() {
        Ok(())
    } else {
        Err(HttpError::Status(status))
    }
}

/// The request; `None` if it is not valid.
fn request(action: &HttpAction, program: &'static str) -> Option<Request> {
    let HttpAction {
        method,
        url,
        headers: own,
        body,
    } = action;
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_str(program).ok()?);
    if !url.username().is_empty() || url.password().is_some() {
        headers.insert(AUTHORIZATION, basic(url)?);
    }
    for (name, value) in own {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.insert(name, HeaderValue::from_str(value).ok()?);
    }
    if !body.is_empty() {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    let method = Method::from_bytes(method.as_bytes()).ok()?;
    let query = url
        .query()
        .map_or(String::new(), |query| format!("?{query}"));
    let request = Request::new(method, format!("{}{query}", url.path()));
    Some(request.headers(headers).body(body.clone()))
}

/// User and password of a URL for basic authentication.
fn basic(url: &Url) -> Option<HeaderValue> {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<_>>();
    let mut both = decoded(url.username());
    both.push(b':');
    both.extend(decoded(url.password().unwrap_or_default()));
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(both))).ok()?;
    value.set_sensitive(true);
    Some(value)
}
