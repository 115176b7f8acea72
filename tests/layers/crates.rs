//! The order of crates: each depends only on crates above it in the table of `CONTRIBUTING.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Returns the folders of the crates, in the order of the table.
fn table() -> Vec<String> {
    let text = fs::read_to_string("CONTRIBUTING.md").unwrap();
    let mut order: Vec<String> = Vec::new();
    for row in text.lines().filter(|line| line.starts_with("| `crates/")) {
        let places = row.split('|').nth(1).unwrap_or_default();
        for place in places.split("`crates/").skip(1) {
            let folder = place.split(['/', '`']).next().unwrap_or_default();
            if !order.iter().any(|known| known == folder) {
                order.push(folder.to_owned());
            }
        }
    }
    order
}

/// Returns the folders of the workspace's crates by package name.
fn folders() -> BTreeMap<String, String> {
    let text = fs::read_to_string("Cargo.toml").unwrap();
    let crates = text.lines().filter_map(|line| {
        let (package, rest) = line.split_once(" = { path = \"crates/")?;
        Some((package.to_owned(), rest.split('"').next()?.to_owned()))
    });
    crates.collect()
}

/// Returns the dependencies of a crate, without those of its tests.
fn dependencies(folder: &str) -> Vec<String> {
    let text = fs::read_to_string(format!("crates/{folder}/Cargo.toml")).unwrap();
    let sections = text.split("\n[").filter(|section| {
        section.starts_with("dependencies]") || section.starts_with("build-dependencies]")
    });
    let lines = sections.flat_map(|section| section.lines().skip(1));
    lines
        .filter_map(|line| line.split([' ', '.']).next().map(str::to_owned))
        .collect()
}

#[test]
fn crates_depend_only_on_crates_listed_above_them() {
    let (order, folders) = (table(), folders());
    let in_table: BTreeSet<_> = order.iter().cloned().collect();
    let on_disk = fs::read_dir("crates").unwrap();
    let on_disk = on_disk.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(in_table, on_disk.collect(), "the table and `crates`");
    assert_eq!(
        in_table,
        folders.values().cloned().collect(),
        "the table and Cargo.toml"
    );
    let place = |folder: &String| order.iter().position(|known| known == folder);
    let (mut seen, mut wrong) = (0, Vec::new());
    for folder in &order {
        for package in dependencies(folder) {
            let Some(other) = folders.get(&package) else {
                continue;
            };
            seen += 1;
            if place(other) >= place(folder) {
                wrong.push(format!(
                    "{folder} depends on {other}, which stands after it"
                ));
            }
        }
    }
    assert!(seen > 30, "only {seen} dependencies were seen");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
