//! A request as Consul reads it: path and query decoded, options of a read parsed.
//!
//! in:  method, path and query as they came, and the body
//! out: a [`Request`], and the [`ReadOptions`] of one that reads

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Method, Uri};
use percent_encoding::percent_decode_str;

use super::go;
use super::reply::Reply;

/// How long a blocking query waits when it does not say.
const DEFAULT_WAIT: Duration = Duration::from_secs(5 * 60);
/// How long a blocking query waits at most.
const MOST_WAIT: Duration = Duration::from_secs(10 * 60);

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Its method.
    pub(crate) method: Method,
    /// Its path, percent-decoded.
    pub(crate) path: String,
    /// Its body.
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
            .map(|(k, v)| (plain(k), plain(v)));
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

    /// The query as it came.
    pub(crate) fn query_text(&self) -> &str {
        &self.query_text
    }

    /// Does the query have this parameter, with a value or without?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.query.iter().any(|(key, _)| key == name)
    }

    /// The first value of this parameter; one without a value, or not there, is empty.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// All values of this parameter.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.query
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// The values of `?node-meta=key:value`.
    pub(crate) fn node_meta(&self) -> Vec<(String, String)> {
        let pair = |text: String| match text.split_once(':') {
            Some((key, value)) => (key.to_owned(), value.to_owned()),
            None => (text, String::new()),
        };
        self.all("node-meta").into_iter().map(pair).collect()
    }

    /// The datacenter asked for, unless it is the server's own.
    pub(crate) fn datacenter(&self) -> Option<&str> {
        Some(self.get("dc")).filter(|name| !name.is_empty())
    }

    /// A number in the query, with Go's words for one that is none.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Reply> {
        if !self.has(name) {
            return Ok(None);
        }
        let text = self.get(name);
        let wrong = |_| {
            Reply::text(
                500,
                format!(
                    "strconv.ParseUint: parsing {}: invalid syntax",
                    go::quoted(text)
                ),
            )
        };
        text.parse().map(Some).map_err(wrong)
    }

    /// The options of a read.
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
                wait.min(MOST_WAIT)
            },
            consistency,
            filter: self.get("filter").to_owned(),
        })
    }
}

/// Which server may answer, and what it has to make sure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consistency {
    /// The leader, without asking the others.
    Leader,
    /// Any server.
    Stale,
    /// The leader, after asking the others.
    Consistent,
}

impl Consistency {
    /// Its name in the answer's header.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Stale => "stale",
            Self::Consistent => "consistent",
        }
    }
}

/// What a read may ask for besides the thing itself.
#[derive(Clone, Debug)]
pub(crate) struct ReadOptions {
    /// Another datacenter than the server's own.
    pub(crate) datacenter: Option<String>,
    /// Answer only above this index; 0 answers at once.
    pub(crate) index: u64,
    /// How long to wait for that.
    pub(crate) wait: Duration,
    /// Which server may answer.
    pub(crate) consistency: Consistency,
    /// An expression the results have to satisfy; may be empty.
    pub(crate) filter: String,
}

fn plain(text: &str) -> String {
    let spaced: Cow<'_, str> = if text.contains('+') {
        text.replace('+', " ").into()
    } else {
        text.into()
    };
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}
