//! Parses the text of a seed, and reads seed files.
//!
//! Input: YAML or JSON. Output: a [`Seed`], or one line with the position, the problem, a
//! suggestion, and what is allowed.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::error::{InvalidSeed, SeedError};
use super::{Seed, SeedNode, Service};
use crate::catalog::casefold;

/// The maximum size of a seed file, in bytes.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// The maximum length of a line that an error shows, in characters.
const MAX_QUOTED: usize = 80;

impl Seed {
    /// Reads a seed file in YAML or JSON. It must be a regular file of at most 64 MiB.
    ///
    /// # Errors
    /// If the file cannot be read or is not a valid seed.
    pub fn read(path: &Path) -> Result<Self, SeedError> {
        let text = read_regular(path).map_err(|source| SeedError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text).map_err(|reason| SeedError::Invalid {
            path: path.to_owned(),
            reason,
        })
    }

    /// Parses a seed. YAML includes JSON, so one parser reads both.
    ///
    /// # Errors
    /// If the text is not a valid seed.
    pub fn parse(text: &str) -> Result<Self, InvalidSeed> {
        let is_comment = |line: &str| {
            let line = line.trim_start();
            line.is_empty() || line.starts_with('#')
        };
        if text.lines().all(is_comment) {
            return Ok(Self::default());
        }
        let seed: Self = serde_saphyr::from_str(text).map_err(|error| {
            let error = error.without_snippet();
            let line = error.location().map(|place| {
                let number = usize::try_from(place.line()).unwrap_or(usize::MAX);
                format!("line {number}{}: ", quoted_line(text, number))
            });
            let line = line.unwrap_or_default();
            let message = error.to_string();
            let message = message.lines().next().unwrap_or_default();
            let message = message
                .rfind(" at line ")
                .map_or(message, |at| &message[..at]);
            InvalidSeed {
                reason: format!("{line}{}{}", plain(message), did_you_mean(message)),
            }
        })?;
        refuse_repeated(&seed.services, &seed.nodes)?;
        for datacenter in seed.datacenters.values() {
            refuse_repeated(&datacenter.services, &datacenter.nodes)?;
        }
        Ok(seed)
    }
}

/// Refuses an instance or a node that would replace an earlier one.
fn refuse_repeated(services: &[Service], nodes: &[SeedNode]) -> Result<(), InvalidSeed> {
    let mut ids = BTreeSet::new();
    for Service { name, id, node, .. } in services {
        let id = id.as_ref().unwrap_or(name);
        if !ids.insert((node.as_deref().map(casefold), casefold(id))) {
            let node = node.as_ref().map_or_else(
                || "on the server's own node".to_owned(),
                |node| format!("on the node {node}"),
            );
            return Err(InvalidSeed {
                reason: format!("services: two have the ID {id} {node}; give each its own id"),
            });
        }
    }
    let mut names = BTreeSet::new();
    match nodes.iter().find(|node| !names.insert(&node.name)) {
        Some(SeedNode { name, .. }) => Err(InvalidSeed {
            reason: format!("nodes: two have the name {name}; list each node once"),
        }),
        None => Ok(()),
    }
}

/// Formats a short line of the text, in parentheses; empty for a long one.
fn quoted_line(text: &str, number: usize) -> String {
    let line = text
        .lines()
        .nth(number.saturating_sub(1))
        .unwrap_or_default();
    let line = line.trim();
    if line.is_empty() || line.chars().count() > MAX_QUOTED {
        String::new()
    } else {
        format!(" ({line})")
    }
}

/// Replaces a message about Rust's types or the parser's events.
fn plain(message: &str) -> Cow<'_, str> {
    if let Some(rest) = message.strip_prefix("duplicate mapping key: ") {
        let key = rest.split(", set ").next().unwrap_or(rest);
        return format!("the key {key} is set twice in one map; set it once").into();
    }
    let plain = match message {
        "invalid u16" => "the value is not a number from 0 to 65535",
        "invalid u32" | "invalid u64" | "invalid i64" => "the value is not a whole number",
        "expected mapping start" => "a map is expected here: NAME: VALUE",
        "expected sequence start" => "a list is expected here",
        "expected string scalar" => {
            "a text is expected here, not a list or a map; in kv, write the whole key: a/b: VALUE"
        }
        null if null.starts_with("cannot deserialize null") => {
            "the value is missing; an empty text is \"\""
        }
        message => message,
    };
    plain.into()
}

/// Reads a regular file. Devices and pipes are refused, because they may never end.
fn read_regular(path: &Path) -> io::Result<String> {
    let refuse = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    // Check before opening: opening a pipe waits for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return refuse("not a regular file");
    }
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return refuse("not a regular file");
    }
    let mut text = String::new();
    file.take(MAX_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return refuse("larger than 64 MiB");
    }
    Ok(text)
}

/// Returns a suggestion for an unknown name, if it is similar to an allowed one.
fn did_you_mean(message: &str) -> String {
    let unknown = message.split('`').nth(1);
    let allowed = message
        .split_once("expected one of ")
        .map_or("", |(_, names)| names);
    let closest = unknown.and_then(|unknown| {
        let near = allowed
            .split(", ")
            .map(|name| (strsim::levenshtein(unknown, name), name))
            .filter(|(distance, _)| *distance <= 2);
        near.min()
    });
    closest
        .map(|(_, name)| format!("; did you mean {name}?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{Scalar, Status};
    use super::*;

    fn parse(text: &str) -> Result<Seed, InvalidSeed> {
        Seed::parse(text)
    }

    const WHOLE: &str = r#"
# everything there is
kv:
  app/port: 8080
  app/mode: 0600
  app/on: true
  app/name: "x"
  app/empty: ""
services:
  - name: web
  - name: web
    id: web-1
    node: n1
    address: 10.0.0.1
    port: 8081
    tags: [v1, blue]
    meta: {version: 1}
    status: critical
    weights: {passing: 10}
nodes:
  - {name: n1, address: 10.0.0.1, meta: {rack: a}, status: passing}
datacenters:
  dc2:
    kv: {app/name: y}
"#;

    #[test]
    fn a_complete_seed_is_read() {
        let seed = parse(WHOLE).expect("a good seed");
        let value = |key: &str| seed.kv.get(key).map(|Scalar(text)| text.as_str());
        assert_eq!(value("app/port"), Some("8080"));
        assert_eq!(value("app/mode"), Some("0600"));
        assert_eq!(value("app/on"), Some("true"));
        assert_eq!(value("app/empty"), Some(""));
        assert_eq!(seed.services[1].status, Some(Status::Critical));
        assert_eq!(seed.services[1].meta["version"], "1");
        assert_eq!(seed.datacenters["dc2"].kv["app/name"], Scalar("y".into()));
    }

    #[test]
    fn json_and_an_empty_text_are_accepted() {
        let seed =
            parse(r#"{"kv": {"a": "b", "n": 1}, "services": [{"name": "web", "port": 80}]}"#);
        assert_eq!(seed.expect("a good seed").services[0].port, 80);
        assert_eq!(parse("# later\n\n"), Ok(Seed::default()));
    }

    #[test]
    fn an_unknown_field_is_named_with_its_position() {
        let wrong = parse("services:\n  - name: web\n    adress: 10.0.0.1\n");
        let wrong = wrong.expect_err("a typo").to_string();
        for part in [
            "line 3 (adress: 10.0.0.1): ",
            "adress",
            "did you mean address?",
            "port",
        ] {
            assert!(wrong.contains(part), "{part:?} in {wrong:?}");
        }
    }

    #[test]
    fn a_wrong_value_is_named_with_its_position() {
        let wrong = parse("services:\n  - name: web\n    status: passng\n");
        let wrong = wrong.expect_err("a typo").to_string();
        for part in ["line 3 (status: passng): ", "did you mean passing?"] {
            assert!(wrong.contains(part), "{part:?} in {wrong:?}");
        }
        for (text, expected) in [
            (
                "services:\n  - name: web\n    port: http\n",
                "line 3 (port: http): the value is not a number from 0 to 65535",
            ),
            (
                "kv: [a]\n",
                "line 1 (kv: [a]): a map is expected here: NAME: VALUE",
            ),
            (
                "services: {name: a}\n",
                "line 1 (services: {name: a}): a list is expected here",
            ),
        ] {
            assert_eq!(parse(text).expect_err(text).to_string(), expected);
        }
    }

    #[test]
    fn an_instance_that_would_replace_another_is_refused() {
        for (text, expected) in [
            (
                "services:\n  - {name: web, address: 10.0.0.1}\n  - {name: web, address: 10.0.0.2}\n",
                "services: two have the ID web on the server's own node; give each its own id",
            ),
            (
                "datacenters: {dc2: {services: [{name: a, id: x, node: n}, {name: b, id: x, node: n}]}}\n",
                "services: two have the ID x on the node n; give each its own id",
            ),
            (
                "services: [{name: a, id: x, node: N}, {name: a, id: X, node: n}]\n",
                "services: two have the ID X on the node n; give each its own id",
            ),
            (
                "nodes: [{name: n, address: a}, {name: n, address: b}]\n",
                "nodes: two have the name n; list each node once",
            ),
        ] {
            assert_eq!(parse(text).expect_err(text).to_string(), expected);
        }
        let on_two_nodes = "services: [{name: web, node: a}, {name: web, node: b}]\n";
        assert_eq!(parse(on_two_nodes).expect("a good seed").services.len(), 2);
    }

    #[test]
    fn a_message_about_a_value_names_no_type_of_the_program() {
        for (text, expected) in [
            (
                "kv: {a: {b: 1}}\n",
                "line 1 (kv: {a: {b: 1}}): a text is expected here, not a list or a map; in kv, write the whole key: a/b: VALUE",
            ),
            (
                "kv:\n  a:\n",
                "line 2 (a:): the value is missing; an empty text is \"\"",
            ),
            (
                "kv: {a: 1}\nkv: {b: 1}\n",
                "line 2 (kv: {b: 1}): the key kv is set twice in one map; set it once",
            ),
        ] {
            assert_eq!(parse(text).expect_err(text).to_string(), expected);
        }
    }

    #[test]
    fn only_a_regular_file_is_read() {
        let error = Seed::read(Path::new("/dev/zero")).expect_err("a device");
        let SeedError::Read { source, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(source.to_string(), "not a regular file");
    }
}
