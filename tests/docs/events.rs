//! Compares the tables of events with the calls in the source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use regex::Regex;

/// Returns every event in the source, with its level and fields.
fn events() -> BTreeMap<String, (String, BTreeSet<String>)> {
    // `tracing::info!(name: "file.written", target: "x", template, destination = %path, "…")`
    let call = Regex::new(
        r#"tracing::(trace|debug|info|warn|error)!\(\s*(?:name: "([a-z_.]+)",((?:[^"]*target: "[^"]*",)?[^"]*))?"#,
    )
    .unwrap();
    let mut events = BTreeMap::from([(
        "log.lost".to_owned(),
        ("warn".to_owned(), BTreeSet::from(["lines".to_owned()])),
    )]);
    let (mut files, mut calls) = (vec![PathBuf::from("src"), PathBuf::from("crates")], 0);
    files.retain(|directory| directory.exists());
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for found in call.captures_iter(&text) {
            calls += 1;
            let name = found
                .get(2)
                .unwrap_or_else(|| panic!("{} has an event without a name", path.display()))
                .as_str();
            let fields = found[3].split(',').map(|field| {
                field
                    .split('=')
                    .next()
                    .unwrap()
                    .trim()
                    .trim_start_matches(['%', '?'])
            });
            let fields = fields
                .filter(|field| !field.is_empty() && !field.starts_with("target:"))
                .map(str::to_owned)
                .collect();
            let event = (found[1].to_owned(), fields);
            let before = events.insert(name.to_owned(), event.clone());
            assert!(
                before.is_none_or(|before| before == event),
                "{name} has other fields in {}",
                path.display()
            );
        }
    }
    assert!(calls > 40, "only {calls} calls were seen");
    events
}

#[test]
fn the_table_of_events_matches_the_source() {
    let page = fs::read_to_string("docs/src/reference/events.md").unwrap();
    let ticked = |cell: &str| {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let name = cells.get(1)?.strip_prefix('`')?.strip_suffix('`')?;
        let is_level = ["trace", "debug", "info", "warn", "error"].contains(cells.get(2)?);
        is_level.then(|| (name.to_owned(), (cells[2].to_owned(), ticked(cells[3]))))
    });
    let (table, events): (BTreeMap<_, _>, _) = (rows.collect(), events());
    for (name, event) in &events {
        assert_eq!(table.get(name), Some(event), "{name}");
    }
    for name in table.keys() {
        assert!(events.contains_key(name), "no call logs {name}");
    }
}
