//! Parses the text of a seed, and reads seed files.
//!
//! Input: YAML or JSON. Output: a [`Seed`], or one line with the position, the problem, a
//! suggestion, and what is allowed.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::Seed;
use super::error::{InvalidSeed, SeedError};

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
        serde_saphyr::from_str(text).map_err(|error| {
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
        })
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
fn plain(message: &str) -> &str {
    match message {
        "invalid u16" => "the value is not a number from 0 to 65535",
        "invalid u32" | "invalid u64" | "invalid i64" => "the value is not a whole number",
        "expected mapping start" => "a map is expected here: NAME: VALUE",
        "expected sequence start" => "a list is expected here",
        message => message,
    }
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
    fn only_a_regular_file_is_read() {
        let error = Seed::read(Path::new("/dev/zero")).expect_err("a device");
        let SeedError::Read { source, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(source.to_string(), "not a regular file");
    }
}
