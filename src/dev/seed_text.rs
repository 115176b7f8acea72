//! Reads the text of a seed, and says well what is wrong with it.
//!
//! in:  YAML or JSON
//! out: a [`Seed`], or one line: the place, what is wrong there, what was probably meant, what is allowed

use super::seed::Seed;

/// Reads a seed.
pub(crate) fn parse(text: &str) -> Result<Seed, String> {
    if text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Ok(Seed::default());
    }
    serde_saphyr::from_str(text).map_err(|error| {
        let error = error.without_snippet();
        let line = error
            .location()
            .map(|place| format!("line {}: ", place.line()))
            .unwrap_or_default();
        let said = error.to_string();
        let said = said.lines().next().unwrap_or_default();
        let said = said.rfind(" at line ").map_or(said, |at| &said[..at]);
        format!("{line}{said}{}", did_you_mean(said))
    })
}

/// The allowed name closest to an unknown one, if one is close.
fn did_you_mean(said: &str) -> String {
    let unknown = said.split('`').nth(1);
    let allowed = said
        .split_once("expected one of ")
        .map_or("", |(_, names)| names);
    let close = unknown.and_then(|unknown| {
        let near = allowed
            .split(", ")
            .map(|name| (distance(unknown, name), name))
            .filter(|(far, _)| *far <= 2);
        near.min()
    });
    close
        .map(|(_, name)| format!("; did you mean {name}?"))
        .unwrap_or_default()
}

/// How many letters have to be changed, added or left out to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, found) in other.iter().enumerate() {
            let change = diagonal + usize::from(letter != *found);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::super::seed::{Scalar, Status};
    use super::*;

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
    fn a_whole_seed_reads() {
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
    fn json_reads_too_and_so_does_nothing() {
        let seed =
            parse(r#"{"kv": {"a": "b", "n": 1}, "services": [{"name": "web", "port": 80}]}"#);
        assert_eq!(seed.expect("a good seed").services[0].port, 80);
        assert_eq!(parse("# later\n\n"), Ok(Seed::default()));
    }

    #[test]
    fn an_unknown_field_is_named_with_its_place() {
        let wrong = parse("services:\n  - name: web\n    adress: 10.0.0.1\n").expect_err("a typo");
        for part in ["line 3: ", "adress", "did you mean address?", "port"] {
            assert!(wrong.contains(part), "{part:?} in {wrong:?}");
        }
    }

    #[test]
    fn a_wrong_value_is_named_with_its_place() {
        let wrong = parse("services:\n  - name: web\n    status: passng\n").expect_err("a typo");
        for part in ["line 3: ", "did you mean passing?"] {
            assert!(wrong.contains(part), "{part:?} in {wrong:?}");
        }
        let wrong = parse("services:\n  - name: web\n    port: http\n").expect_err("no number");
        assert!(wrong.starts_with("line 3: "), "{wrong:?}");
    }
}
