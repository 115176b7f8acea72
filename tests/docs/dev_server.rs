//! The tables of the embedded server: its endpoints, and the format of the seed file.

use std::fmt::Write as _;
use std::fs;

use regex::Regex;

use super::update;

/// The types in the declaration of the seed, with their names in the reference.
const TYPES: [(&str, &str); 10] = [
    ("String", "text"),
    ("u16", "number"),
    ("Vec<String>", "list of texts"),
    ("BTreeMap<String, String>", "map of texts"),
    ("BTreeMap<String, Scalar>", "map of texts"),
    ("Vec<Service>", "list of services"),
    ("Vec<SeedNode>", "list of nodes"),
    ("BTreeMap<String, SeedDatacenter>", "map of datacenters"),
    ("Status", "`passing`, `warning` or `critical`"),
    ("SeedWeights", "weights"),
];

/// The structs of the seed, with the headings of their tables.
const STRUCTS: [(&str, &str); 5] = [
    ("Seed", "The file"),
    ("Service", "A service"),
    ("SeedWeights", "Weights of a service"),
    ("SeedNode", "A node"),
    ("SeedDatacenter", "A datacenter"),
];

fn endpoints() -> String {
    let endpoints = consul_dev::endpoints();
    assert!(endpoints.len() > 30, "only {} endpoints", endpoints.len());
    let mut text = "| path | methods | |\n|---|---|---|\n".to_owned();
    for endpoint in endpoints {
        let (path, methods, about) = (endpoint.path, endpoint.methods, endpoint.about);
        writeln!(text, "| `{path}` | {methods} | {about} |").unwrap();
    }
    text
}

fn absent() -> String {
    let absent = consul_dev::absent_endpoints();
    assert!(absent.len() > 10, "only {} paths", absent.len());
    let items = absent.iter().map(|path| format!("- `{path}`\n"));
    items.collect()
}

/// Returns the tables of the seed's fields, from the declarations that read the file.
fn seed() -> String {
    let source = fs::read_to_string("crates/consul-dev/src/seed.rs").unwrap();
    let mut text = String::new();
    for (name, heading) in STRUCTS {
        let (before, after) = source.split_once(&format!("pub struct {name} {{")).unwrap();
        let attributes = before.rsplit("\n\n").next().unwrap();
        let has_defaults = attributes.contains("#[serde(default,");
        let body = after.split_once("\n}").unwrap().0;
        write!(
            text,
            "\n### {heading}\n\n| key | takes | default | |\n|---|---|---|---|\n"
        )
        .unwrap();
        text += &rows(body, has_defaults);
    }
    text + "\n"
}

fn rows(body: &str, has_defaults: bool) -> String {
    let field =
        Regex::new(r"((?:    ///.*\n)+)(    #\[serde\(.*\)\]\n)?    pub (\w+): (.+),").unwrap();
    let default = Regex::new(r" ?Default: ([^.]+)\.").unwrap();
    let mut text = String::new();
    for found in field.captures_iter(body) {
        let about: Vec<&str> = found[1]
            .lines()
            .map(|line| line.trim_start().trim_start_matches("///").trim())
            .collect();
        let about = about.join(" ");
        let optional = found[4]
            .strip_prefix("Option<")
            .and_then(|kind| kind.strip_suffix('>'));
        let kind = optional.unwrap_or(&found[4]);
        let kind = TYPES.iter().find(|(of, _)| *of == kind);
        let (_, kind) = kind.unwrap_or_else(|| panic!("no name for the type {}", &found[4]));
        let written = default.captures(&about).map(|found| found[1].to_owned());
        let is_required = optional.is_none() && found.get(2).is_none() && !has_defaults;
        let standard = match written {
            _ if is_required => "required".to_owned(),
            Some(text) => text,
            None if *kind == "number" => "0".to_owned(),
            None => "none".to_owned(),
        };
        let about = default.replace(&about, "");
        let about = about.trim_end_matches('.');
        writeln!(text, "| `{}` | {kind} | {standard} | {about} |", &found[3]).unwrap();
    }
    assert!(
        text.lines().count() > 1,
        "a struct of the seed has no fields"
    );
    text
}

#[test]
fn the_tables_of_the_embedded_server_match_its_code() {
    update("docs/src/reference/dev-server.md", &[("seed", seed())]);
    update(
        "docs/src/reference/dev-server-support.md",
        &[("endpoints", endpoints()), ("absent", absent())],
    );
}
