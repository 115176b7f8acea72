//! Blurs what differs between two servers: IDs, indexes, ports, certificates and times.

use std::net::SocketAddr;

use regex::Regex;
use serde_json::{Value, json};

/// Names of fields whose numbers and hashes differ.
const NUMBERS: [&str; 5] = [
    "CreateIndex",
    "ModifyIndex",
    "SerialNumber",
    "ContentHash",
    "LTime",
];

/// The replacements for one server.
pub(super) struct Blur {
    patterns: Vec<(Regex, &'static str)>,
}

impl Blur {
    /// Creates the replacements for a server with these ports, and the ports of the test itself.
    pub(super) fn new(address: SocketAddr, own: [u16; 3], test: [u16; 2]) -> Self {
        let [server, lan, wan] = own;
        let [open, closed] = test;
        let http = address.port();
        let port = |port: u16| format!(r"\b{port}\b");
        let patterns = [
            (port(http), "HTTP"),
            (port(server), "SERVER"),
            (port(lan), "LAN"),
            (port(wan), "WAN"),
            (port(open), "OPEN"),
            (port(closed), "CLOSED"),
            (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}".into(), "UUID"),
            (r"\bdev( +)[0-9a-f]{8}\b".into(), "dev${1}ID"),
            (r"\b(Create|Modify)Index( +)\d+".into(), "${1}Index${2}N"),
            (r"\b[0-9a-f]{8}\.consul".into(), "DOMAIN.consul"),
            (r"([0-9a-f]{2}:){9,}[0-9a-f]{2}".into(), "HASH"),
            (
                r"(?s)-----BEGIN ([A-Z ]+)-----.*?-----END [A-Z ]+-----".into(),
                "PEM $1",
            ),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ".into(), "TIME"),
        ];
        let compile = |(pattern, text): (String, _)| (Regex::new(&pattern).unwrap(), text);
        Self {
            patterns: patterns.map(compile).into(),
        }
    }

    /// Blurs a text, and joins blanks: the width of columns depends on what is blurred.
    pub(super) fn text(&self, text: &str) -> String {
        let lines = self.replaced(text);
        let lines = lines.lines().map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.join(" ")
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Blurs a body. JSON is compared without the order of fields.
    pub(super) fn body(&self, body: &str) -> String {
        match serde_json::from_str::<Value>(body) {
            Ok(value) if !value.is_number() => self.value(None, value).to_string(),
            _ => self.replaced(body),
        }
    }

    fn value(&self, name: Option<&str>, value: Value) -> Value {
        if name.is_some_and(|name| NUMBERS.contains(&name)) {
            let is_set = value.as_u64().is_some_and(|number| number > 0) || value.is_string();
            return if is_set { json!("#") } else { value };
        }
        match value {
            Value::Number(_) => {
                let text = value.to_string();
                let blurred = self.replaced(&text);
                if blurred == text {
                    value
                } else {
                    json!(blurred)
                }
            }
            Value::String(text) => json!(self.replaced(&text)),
            Value::Array(items) => {
                let items = items.into_iter().map(|item| self.value(None, item));
                let mut items: Vec<Value> = items.collect();
                // Sessions are sorted by their random IDs, and this health not at all.
                let is_unsorted = |item: &Value| {
                    item.get("LockDelay").is_some() || item.get("AggregatedStatus").is_some()
                };
                if items.iter().all(is_unsorted) {
                    items.sort_by_key(ToString::to_string);
                }
                Value::Array(items)
            }
            Value::Object(fields) => {
                let mut fields: Vec<_> = fields
                    .into_iter()
                    .map(|(name, inner)| {
                        let inner = self.value(Some(&name), inner);
                        (name, inner)
                    })
                    .collect();
                fields.sort_by(|one, other| one.0.cmp(&other.0));
                Value::Object(fields.into_iter().collect())
            }
            other => other,
        }
    }

    fn replaced(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (pattern, by) in &self.patterns {
            text = pattern.replace_all(&text, *by).into_owned();
        }
        text
    }
}
