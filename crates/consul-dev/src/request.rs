//! A request in the form that Consul's handlers read.
//!
//! Input: method, path, query and body as received. Output: a [`Request`] with decoded path and
//! query, and the [`ReadOptions`] of a read.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Uri};
use percent_encoding::percent_decode_str;

use super::go;
use super::reply::Reply;

/// The default of `?wait`.
const DEFAULT_WAIT: Duration = Duration::from_secs(5 * 60);
/// The maximum of `?wait`.
const MAX_WAIT: Duration = Duration::from_secs(10 * 60);

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Method.
    pub(crate) method: Method,
    /// Path, percent-decoded.
    pub(crate) path: String,
    /// Body.
    pub(crate) body: Bytes,
    query: Vec<(String, String)>,
    query_text: String,
}

impl Request {
    /// Decodes a request.
    pub(crate) fn new(method: Method, uri: &Uri, body: Bytes) -> Self {
        let pairs = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty());
        let query = pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(k, v)| (decoded(k), decoded(v)));
        let path = percent_decode_str(uri.path())
            .decode_utf8_lossy()
            .into_owned();
        Self {
            method,
            path,
            body,
            query: query.collect(),
            query_text: uri.query().unwrap_or_default().to_owned(),
        }
    }

    /// Returns the query string as received.
    pub(crate) fn query_text(&self) -> &str {
        &self.query_text
    }

    /// Returns the query string with sorted parameters, as Go encodes it.
    pub(crate) fn sorted_query(&self) -> String {
        let mut pairs: Vec<_> = self.query.iter().collect();
        pairs.sort_by_key(|(name, _)| name);
        let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// Returns `true` if the query has this parameter, with or without a value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.query.iter().any(|(key, _)| key == name)
    }

    /// Returns the first value of this parameter; empty if it has no value or is missing.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// Returns all values of this parameter.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.query
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// Returns the values of `?node-meta=key:value`.
    pub(crate) fn node_meta(&self) -> Vec<(String, String)> {
        let pair = |text: String| match text.split_once(':') {
            Some((key, value)) => (key.to_owned(), value.to_owned()),
            None => (text, String::new()),
        };
        self.all("node-meta").into_iter().map(pair).collect()
    }

    /// Returns the datacenter of `?dc`; `None` means the server's own.
    pub(crate) fn datacenter(&self) -> Option<&str> {
        Some(self.get("dc")).filter(|name| !name.is_empty())
    }

    /// Returns the number in this parameter; the error has Go's message.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Reply> {
        if !self.has(name) {
            return Ok(None);
        }
        let text = self.get(name);
        let refuse = |_| {
            Reply::text(
                500,
                format!(
                    "strconv.ParseUint: parsing {}: invalid syntax",
                    go::quoted(text)
                ),
            )
        };
        text.parse().map(Some).map_err(refuse)
    }

    /// Returns the options of a read.
    pub(crate) fn read_options(&self) -> Result<ReadOptions, Reply> {
        let wait = match self.get("wait") {
            "" => Duration::ZERO,
            text => go::duration(text).ok_or_else(|| Reply::text(400, "Invalid wait time"))?,
        };
        let index = match self.get("index") {
            "" => 0,
            text => text
                .parse()
                .map_err(|_| Reply::text(400, "Invalid index"))?,
        };
        let consistency = match (self.has("stale"), self.has("consistent")) {
            (true, true) => {
                let words = "Cannot specify ?stale with ?consistent, conflicting semantics.";
                return Err(Reply::text(400, words));
            }
            (true, false) => Consistency::Stale,
            (false, true) => Consistency::Consistent,
            (false, false) => Consistency::Leader,
        };
        let max_stale = self.get("max_stale");
        if !max_stale.is_empty() && go::duration(max_stale).is_none() {
            return Err(Reply::text(
                400,
                format!("Invalid max_stale value {}", go::quoted(max_stale)),
            ));
        }
        Ok(ReadOptions {
            datacenter: self.datacenter().map(str::to_owned),
            index,
            wait: if wait.is_zero() {
                DEFAULT_WAIT
            } else {
                wait.min(MAX_WAIT)
            },
            consistency,
            filter: self.get("filter").to_owned(),
        })
    }
}

/// The consistency mode of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consistency {
    /// The leader answers without confirming that it still leads.
    Leader,
    /// Any server answers.
    Stale,
    /// The leader answers after confirming that it still leads.
    Consistent,
}

impl Consistency {
    /// Returns the name in the answer's header.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Stale => "stale",
            Self::Consistent => "consistent",
        }
    }
}

/// The options of a read.
#[derive(Clone, Debug)]
pub(crate) struct ReadOptions {
    /// The datacenter; `None` means the server's own.
    pub(crate) datacenter: Option<String>,
    /// The index that the answer must exceed; with 0, the query does not block.
    pub(crate) index: u64,
    /// The maximum time that the query blocks.
    pub(crate) wait: Duration,
    /// The consistency mode.
    pub(crate) consistency: Consistency,
    /// The filter expression; empty if there is none.
    pub(crate) filter: String,
}

fn decoded(text: &str) -> String {
    let spaced: Cow<'_, str> = if text.contains('+') {
        text.replace('+', " ").into()
    } else {
        text.into()
    };
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}
