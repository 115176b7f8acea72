//! Sends requests to the configured servers, with the token and the basic authentication.
//!
//! Input: a URL and a time limit. Output: the complete answer, or an [`http_client::Error`].

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::config::{BasicAuth, ClientConfig};
use super::setup_error::ClientError;
use http_client::header::{AUTHORIZATION, HeaderName, HeaderValue, USER_AGENT};
use http_client::{Answer, Endpoint, HeaderMap, Limits, Request, Tls};

const TOKEN: HeaderName = HeaderName::from_static("x-consul-token");

/// The connections to all servers.
#[derive(Debug)]
pub(super) struct Transport {
    /// The headers of every request; the token among them may be replaced.
    headers: RwLock<Arc<HeaderMap>>,
    http: http_client::Client,
    /// One endpoint per configured server, in the same order.
    endpoints: RwLock<Vec<Arc<Endpoint>>>,
}

impl Transport {
    pub(super) fn new(config: &ClientConfig) -> Result<Self, ClientError> {
        let headers = RwLock::new(Arc::new(headers(config)?));
        if config.is_over_tls() && !config.tls.verify {
            let setting = config.names.unverified;
            tracing::warn!(
                name: "consul.unverified",
                "certificates of Consul are not verified ({setting}): any server at its address is \
                 trusted and receives the token"
            );
        }
        let http = http_client::Client::new(config.transport, Limits::default());
        let endpoints = endpoints(&http, config)?;
        Ok(Self {
            headers,
            http,
            endpoints: RwLock::new(endpoints),
        })
    }

    /// Reads the certificates again for new connections. Pending requests keep their connections.
    pub(super) fn read_certificates(&self, config: &ClientConfig) -> Result<(), ClientError> {
        let new = endpoints(&self.http, config)?;
        let mut endpoints = self
            .endpoints
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for ((endpoint, new), server) in endpoints.iter_mut().zip(new).zip(&config.servers) {
            if server.scheme() == "https" {
                *endpoint = new;
            }
        }
        Ok(())
    }

    /// Replaces the token for further requests.
    pub(super) fn set_token(&self, token: &SecretString) -> Result<(), ClientError> {
        let value = token_header(token)?;
        let mut headers = self.headers.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut headers).insert(TOKEN, value);
        Ok(())
    }

    /// Replaces the token in a text of a server, which may repeat it.
    pub(super) fn redact(&self, text: &str) -> String {
        let headers = self.headers.read().unwrap_or_else(PoisonError::into_inner);
        let token = headers.get(TOKEN).and_then(|value| value.to_str().ok());
        match token.filter(|token| !token.is_empty()) {
            Some(token) => text.replace(token, "***"),
            None => text.to_owned(),
        }
    }

    /// The number of requests that share one connection to this server.
    pub(super) fn sharing(&self, server: usize) -> usize {
        self.endpoint(server)
            .map_or(1, |endpoint| endpoint.sharing())
    }

    /// Returns `true` if this server has answered a request.
    pub(super) fn has_answered(&self, server: usize) -> bool {
        self.endpoint(server)
            .is_some_and(|endpoint| endpoint.has_answered())
    }

    /// Requests a URL from the server with this index in the configuration. If `once`, the request is not repeated on
    /// another connection.
    pub(super) async fn get(
        &self,
        server: usize,
        url: &Url,
        limit: Duration,
        once: bool,
    ) -> Result<Answer, http_client::Error> {
        let no_server = || http_client::Error::Invalid("there is no such server".to_owned());
        let endpoint = self.endpoint(server).ok_or_else(no_server)?;
        let headers = Arc::clone(&self.headers.read().unwrap_or_else(PoisonError::into_inner));
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let request = Request::get(target).headers((*headers).clone());
        let request = if once { request.sent_once() } else { request };
        endpoint.fetch(&request, limit).await
    }

    fn endpoint(&self, server: usize) -> Option<Arc<Endpoint>> {
        let endpoints = self
            .endpoints
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        endpoints.get(server).cloned()
    }
}

/// Creates the endpoints of the servers. TLS is set up only if a server needs it, because that
/// takes longer than the rest of the startup.
fn endpoints(
    http: &http_client::Client,
    config: &ClientConfig,
) -> Result<Vec<Arc<Endpoint>>, ClientError> {
    let refused = |error| ClientError::of_tls(error, &config.names);
    let tls = config
        .is_over_tls()
        .then(|| Tls::new(&config.tls))
        .transpose()
        .map_err(refused)?;
    let endpoint = |server| http.endpoint(server, tls.clone()).map(Arc::new);
    let servers = config.servers.iter();
    servers
        .map(|server| endpoint(server).map_err(refused))
        .collect()
}

fn headers(config: &ClientConfig) -> Result<HeaderMap, ClientError> {
    let mut headers = HeaderMap::new();
    let user_agent = HeaderValue::from_str(&config.user_agent);
    headers.insert(USER_AGENT, user_agent.map_err(|_| ClientError::UserAgent)?);
    if let Some(token) = &config.token {
        headers.insert(TOKEN, token_header(token)?);
    }
    if let Some(auth) = &config.auth {
        headers.insert(AUTHORIZATION, secret(basic(auth)?));
    }
    Ok(headers)
}

fn token_header(token: &SecretString) -> Result<HeaderValue, ClientError> {
    HeaderValue::from_str(token.expose_secret())
        .map(secret)
        .map_err(|_| ClientError::Token)
}

/// Marks a header as sensitive, so that its `Debug` form does not contain the value.
fn secret(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

fn basic(auth: &BasicAuth) -> Result<HeaderValue, ClientError> {
    use base64::Engine;
    let BasicAuth { username, password } = auth;
    let text = base64::engine::general_purpose::STANDARD
        .encode(format!("{username}:{}", password.expose_secret()));
    HeaderValue::from_str(&format!("Basic {text}")).map_err(|_| ClientError::Auth)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(transport: &Transport, name: &str) -> Option<String> {
        let headers = transport.headers.read().unwrap();
        // The value is marked as sensitive, so no `Debug` output contains it.
        assert!(
            headers.get(name).is_none_or(HeaderValue::is_sensitive),
            "{name}"
        );
        headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_token_and_the_password_are_sent_and_the_token_can_be_replaced() {
        let config = ClientConfig {
            token: Some("one".into()),
            auth: Some(BasicAuth {
                username: "u".to_owned(),
                password: "p:q".into(),
            }),
            ..ClientConfig::new(vec![
                "http://127.0.0.1:1".parse().unwrap(),
                "unix:///s".parse().unwrap(),
            ])
        };
        let transport = Transport::new(&config).unwrap();
        assert_eq!(
            sent(&transport, "authorization").as_deref(),
            Some("Basic dTpwOnE=")
        );
        assert_eq!(sent(&transport, "x-consul-token").as_deref(), Some("one"));
        transport.set_token(&"two".into()).unwrap();
        assert_eq!(sent(&transport, "x-consul-token").as_deref(), Some("two"));
        assert!(matches!(
            transport.set_token(&"no\ntoken".into()),
            Err(ClientError::Token)
        ));
        assert_eq!(sent(&transport, "x-consul-token").as_deref(), Some("two"));
        assert_eq!(sent(&transport, "x-unknown"), None);
    }
}
