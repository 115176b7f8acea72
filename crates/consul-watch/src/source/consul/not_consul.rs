//! Tells the answers of Consul from those of a proxy or another server.
//!
//! Input: the status, the headers and the body of an answer. Output: its [`Sender`], and the error for an answer
//! that is not Consul's.

use url::Url;

use super::message::message_of;
use super::setting_names::SettingNames;
use crate::source::error::Error;
use http_client::header::LOCATION;
use http_client::{Answer, StatusCode};

/// The header with the index of an answer. Consul sends it with each answer about data, with 404 too.
pub(super) const INDEX: &str = "x-consul-index";

/// The texts of Consul's own answers 404 without an index.
const CONSULS_NOT_FOUND: [&str; 5] = [
    "Namespace",
    "namespace",
    "Partition",
    "partition",
    "rpc error",
];
/// The text of Consul 1.10 and newer for a path that it does not know.
const UNKNOWN_PATH: &str = "not a recognized HTTP API endpoint";
/// The text of a port that expects TLS.
const EXPECTS_TLS: &str = "HTTP request to an HTTPS server";

/// The program that sent an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// Consul.
    Consul,
    /// Consul, and it does not know the path.
    ConsulWithoutPath,
    /// Consul without this path, or another server. Another path tells them apart.
    Unclear,
    /// Another server, for example a proxy whose backend is missing.
    Other,
}

/// Returns the sender of an answer. Servers and proxies answer 5xx and 429 as Consul does, with the same meaning.
pub(super) fn sender(answer: &Answer) -> Sender {
    let message = message_of(&answer.body);
    let is_text = !message.is_empty() && !message.starts_with('{');
    match answer.status.as_u16() {
        // 413, 414 and 431 concern the length of this request.
        200 | 401 | 413 | 414 | 429 | 431 | 500..=599 => Sender::Consul,
        404 if answer.headers.contains_key(INDEX) => Sender::Consul,
        404 if message.contains(UNKNOWN_PATH) => Sender::ConsulWithoutPath,
        404 if CONSULS_NOT_FOUND.iter().any(|own| message.contains(own)) => Sender::Consul,
        404 => Sender::Unclear,
        400 if message.contains(EXPECTS_TLS) => Sender::Other,
        400 | 403 | 405 if is_text => Sender::Consul,
        _ => Sender::Other,
    }
}

/// The error for an answer that is not Consul's. `redact` removes the token from a text.
pub(super) fn error(
    answer: &Answer,
    server: &Url,
    names: &SettingNames,
    redact: impl Fn(&str) -> String,
) -> Error {
    let status = answer.status;
    let location = location(answer);
    let described = match (&location, message_of(&answer.body)) {
        (Some(location), _) => format!("{}, a redirect to {location}", status.as_u16()),
        (None, "") => status.as_u16().to_string(),
        (None, message) => format!("{}: {message}", status.as_u16()),
    };
    Error::NotConsul {
        address: address(server),
        answer: redact(&described),
        conclusion: redact(&conclusion(answer, location.as_deref(), server, names)),
        // Consul before 1.10 has no text for an unknown path, so the prefix of the address is wrong.
        is_final: status == StatusCode::NOT_FOUND
            && (answer.body.is_empty() || sender(answer) == Sender::ConsulWithoutPath),
    }
}

/// The likely cause and its remedy.
fn conclusion(
    answer: &Answer,
    location: Option<&str>,
    server: &Url,
    names: &SettingNames,
) -> String {
    let correct = format!("correct {}", names.address());
    let host = server.host_str().unwrap_or_default();
    let leads_to_tls = location.is_some_and(|to| {
        let to = to.parse::<Url>();
        to.is_ok_and(|to| to.scheme() == "https" && to.host_str() == Some(host))
    });
    match answer.status.as_u16() {
        300..=399 if leads_to_tls && server.scheme() == "http" => {
            format!("so it requires TLS; {correct}: write https://")
        }
        400 => format!(
            "so it requires TLS, or a proxy answers instead of Consul; {correct}: write https://"
        ),
        300..=399 => format!(
            "so a proxy or a login page answers instead of Consul; let it pass requests below /v1/ to Consul without a \
             login, or {correct}"
        ),
        404 => {
            let remedy = if address(server).ends_with("/v1") {
                format!("write it without /v1, which {} adds itself", names.program)
            } else {
                "write HOST:PORT of Consul, or the whole prefix of a proxy: http(s)://HOST:PORT/PREFIX".to_owned()
            };
            let proxy = if message_of(&answer.body).is_empty() {
                ""
            } else {
                "; a proxy that usually works has no Consul behind it at present"
            };
            format!("so it is not the address of Consul's HTTP API; {correct}: {remedy}{proxy}")
        }
        407 => "so the proxy requires a password; write it in HTTP_PROXY: http://USER:PASSWORD@HOST:PORT"
            .to_owned(),
        _ => format!(
            "which Consul never does, so a proxy or another server answers instead of it; check the backend of the proxy, \
             or {correct}"
        ),
    }
}

/// The address of a server with its path, without user and password.
fn address(server: &Url) -> String {
    let mut server = server.clone();
    // A `unix` URL has neither.
    let _ = server.set_username("");
    let _ = server.set_password(None);
    server.as_str().trim_end_matches('/').to_owned()
}

/// The target of a redirect without its query, which may contain secrets.
fn location(answer: &Answer) -> Option<String> {
    let location = answer.headers.get(LOCATION)?.to_str().ok()?;
    let shown = location.split(['?', '#']).next().unwrap_or_default();
    let shown = match shown.parse::<Url>() {
        Ok(url) => address(&url),
        Err(_) => shown.to_owned(),
    };
    let is_redirect = answer.status.is_redirection();
    (is_redirect && !shown.is_empty() && shown.len() <= 200).then_some(shown)
}

#[cfg(test)]
pub(super) mod tests;
