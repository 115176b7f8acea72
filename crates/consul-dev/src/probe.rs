//! Runs the probe of a check: a TCP connection or an HTTP request to this machine.
//!
//! Input: the definition of a check. Output: a status and a text, as Consul's agent reports them.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::ext::ReasonPhrase;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::check_method::{
    CheckDefinition, CheckMethod, HttpRequest, HttpUrl, LoopbackTarget, ProbeResult,
};

/// The maximum number of redirects, as in Go's client.
const MAX_REDIRECTS: usize = 10;
/// The maximum number of bytes of an answer's body that are read.
const MAX_BODY: usize = 1024 * 1024;

/// Runs the probe of a check.
pub(crate) async fn run(definition: &CheckDefinition) -> ProbeResult {
    let limit = definition.timeout();
    match &definition.method {
        CheckMethod::Tcp(target) => {
            let connected = timeout(limit, connect(target)).await;
            match connected.unwrap_or_else(|_| Err(timed_out(target))) {
                Ok((_, address)) => ProbeResult {
                    status: "passing",
                    output: format!("TCP connect {address}: Success"),
                },
                Err(text) => critical(text),
            }
        }
        CheckMethod::Http(request) => {
            let found = timeout(limit, fetch(request, definition.max_output)).await;
            let failed = |text: String| {
                let (method, url) = (in_title_case(&request.method), &request.url.text);
                critical(format!("{method} {url:?}: {text}"))
            };
            let late = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
            match found {
                Ok(Ok(result)) => result,
                Ok(Err(text)) => failed(text),
                Err(_) => failed(late.to_owned()),
            }
        }
        // These have no probe.
        CheckMethod::Ttl(_) | CheckMethod::Alias(_) => critical(String::new()),
    }
}

fn critical(output: String) -> ProbeResult {
    ProbeResult {
        status: "critical",
        output,
    }
}

fn timed_out(target: &LoopbackTarget) -> String {
    let address = target.addresses.first().map(ToString::to_string);
    format!("dial tcp {}: i/o timeout", address.unwrap_or_default())
}

/// Connects to the first address that accepts; the error is that of the first address.
async fn connect(target: &LoopbackTarget) -> Result<(TcpStream, SocketAddr), String> {
    let mut first = None;
    for address in &target.addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok((stream, *address)),
            Err(error) => {
                first.get_or_insert_with(|| dial_error(*address, &error));
            }
        }
    }
    Err(first.unwrap_or_default())
}

/// Returns the message of Go for a failed connection.
fn dial_error(address: SocketAddr, error: &io::Error) -> String {
    let reason = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connect: connection refused".to_owned(),
        io::ErrorKind::TimedOut => "i/o timeout".to_owned(),
        _ => error.to_string(),
    };
    format!("dial tcp {address}: {reason}")
}

/// Sends a request and follows redirects on this machine.
async fn fetch(request: &HttpRequest, max_output: usize) -> Result<ProbeResult, String> {
    let mut url = request.url.clone();
    let mut method = request.method.clone();
    for _ in 0..=MAX_REDIRECTS {
        let (status, reason, location, body) = exchange(request, &url, &method).await?;
        if let Some(location) = location.filter(|_| status.is_redirection()) {
            url = url
                .redirected(&location)
                .ok_or_else(|| format!("the redirect to {location:?} leaves this machine"))?;
            let keeps_method = matches!(status.as_u16(), 307 | 308) || method == "HEAD";
            if !keeps_method {
                "GET".clone_into(&mut method);
            }
            continue;
        }
        let start = body.len().saturating_sub(max_output);
        let body = String::from_utf8_lossy(&body[start..]);
        let (first, code, written) = (&request.method, status.as_u16(), &request.url.text);
        return Ok(ProbeResult {
            status: match code {
                200..300 => "passing",
                429 => "warning",
                _ => "critical",
            },
            output: format!("HTTP {first} {written}: {code} {reason} Output: {body}"),
        });
    }
    Err(format!("stopped after {MAX_REDIRECTS} redirects"))
}

/// The status, its text, the header `Location` and the body.
type Exchanged = (StatusCode, String, Option<String>, Vec<u8>);

async fn exchange(request: &HttpRequest, url: &HttpUrl, method: &str) -> Result<Exchanged, String> {
    let sent = build(request, url, method)?;
    let (stream, _) = connect(&url.target).await?;
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
    let exchange = async {
        let response = sender.send_request(sent).await.map_err(|error| {
            if error.is_incomplete_message() || error.is_canceled() {
                "EOF".to_owned()
            } else {
                error.to_string()
            }
        })?;
        receive(response).await
    };
    // The connection makes progress only while it is polled.
    let drive = async {
        drop(connection.await);
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        exchanged = exchange => exchanged,
        never = drive => match never {},
    }
}

fn build(
    request: &HttpRequest,
    url: &HttpUrl,
    method: &str,
) -> Result<Request<Full<Bytes>>, String> {
    let is_first = url.text == request.url.text;
    let body = if is_first {
        request.body.clone()
    } else {
        String::new()
    };
    let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    let mut built = Request::new(Full::new(Bytes::from(body)));
    *built.method_mut() = method;
    *built.uri_mut() = url.path.parse().map_err(|_| "invalid path".to_owned())?;
    let headers = built.headers_mut();
    for (name, value) in [
        (header::HOST, url.authority.as_str()),
        (header::USER_AGENT, "Consul Health Check"),
        (header::ACCEPT, "text/plain, text/*, */*"),
    ] {
        let value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
        headers.insert(name, value);
    }
    let mut own = Vec::new();
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
        let value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
        // The first value replaces the default, the others are sent too.
        if own.contains(&name) {
            headers.append(name, value);
        } else {
            headers.insert(name.clone(), value);
            own.push(name);
        }
    }
    Ok(built)
}

async fn receive(response: Response<Incoming>) -> Result<Exchanged, String> {
    let (head, mut body) = response.into_parts();
    let reason = head.extensions.get::<ReasonPhrase>();
    let reason = reason.map(|reason| String::from_utf8_lossy(reason.as_bytes()).into_owned());
    let reason = reason.or_else(|| head.status.canonical_reason().map(str::to_owned));
    let location = head.headers.get(header::LOCATION);
    let location = location.and_then(|value| value.to_str().ok().map(str::to_owned));
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| error.to_string())?;
        bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        if bytes.len() > MAX_BODY {
            break;
        }
    }
    Ok((head.status, reason.unwrap_or_default(), location, bytes))
}

/// Returns a word with one capital: `Get`.
fn in_title_case(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let rest = letters.map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(rest).collect()
}
