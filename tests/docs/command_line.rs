//! The reference of the command line is generated from the help.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

use regex::Regex;

use super::update;

/// What `ctmpl` prints for these words.
fn output(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ctmpl"))
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The headings of a help text, each with its entries: a name, and what it does.
fn sections(help: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut sections: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in help.lines() {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim();
        match (indent, sections.last_mut()) {
            (0, _) if line.ends_with(':') => {
                let title = line.trim_end_matches(':').to_owned();
                sections.push((title, Vec::new()));
            }
            (1..8, Some((_, entries))) if !line.is_empty() => {
                // `--flag <VALUE>  what it does`, or the text begins on the next line.
                let (name, text) = line.split_once("  ").unwrap_or((line, ""));
                entries.push((name.to_owned(), text.trim().to_owned()));
            }
            (8.., Some((_, entries))) if !line.is_empty() => {
                if let Some((_, text)) = entries.last_mut() {
                    text.push(' ');
                    text.push_str(line);
                }
            }
            _ => {}
        }
    }
    sections
}

/// A table of flags; what stands in brackets at the end of a text gets columns of its own.
fn table_of_flags(entries: &[(String, String)]) -> String {
    let mut table = "| flag | | default | environment |\n|---|---|---|---|\n".to_owned();
    let bracket = Regex::new(r" ?\[(env|default|alias): ([^\]]*)\]").unwrap();
    for (name, text) in entries {
        let part = |kind: &str| {
            let found = bracket.captures_iter(text).find(|found| &found[1] == kind);
            found.map_or(String::new(), |found| format!("`{}`", &found[2]))
        };
        let names = match part("alias").as_str() {
            "" => format!("`{name}`"),
            alias => format!("`{name}`, {alias}"),
        };
        let purpose = bracket.replace_all(text, "");
        let purpose = purpose.trim().replace('<', "\\<").replace('|', "\\|");
        let names = names.replace('|', "\\|");
        let (default, environment) = (part("default"), part("env").replace(", ", "`, `"));
        writeln!(table, "| {names} | {purpose} | {default} | {environment} |").unwrap();
    }
    table
}

/// The tables of `ctmpl --help`, and of each subcommand what only it has.
fn reference_of_flags() -> String {
    let help = output(&["--help"]);
    let own = sections(&help);
    let mut text = String::new();
    for (title, entries) in own.iter().filter(|(title, _)| title != "Commands") {
        write!(text, "\n### {title}\n\n{}", table_of_flags(entries)).unwrap();
    }
    assert!(text.lines().count() > 60, "there are no flags");
    text + "\n"
}

fn reference_of_subcommands() -> String {
    let help = output(&["--help"]);
    let own = sections(&help);
    let known: BTreeSet<_> = own.iter().flat_map(|(_, entries)| entries).collect();
    let (_, commands) = own.iter().find(|(title, _)| title == "Commands").unwrap();
    let mut text = String::new();
    for (name, purpose) in commands {
        let help = output(&[name, "--help"]);
        let usage = help
            .lines()
            .find(|line| line.starts_with("Usage:"))
            .unwrap();
        let usage = usage.trim_start_matches("Usage:").trim();
        write!(text, "\n### `ctmpl {name}`\n\n{purpose}.\n\n`{usage}`\n").unwrap();
        let sections = sections(&help).into_iter();
        let entries: Vec<_> = sections
            .flat_map(|(_, entries)| entries)
            .filter(|entry| !known.contains(entry))
            .collect();
        if !entries.is_empty() {
            write!(text, "\n{}", table_of_flags(&entries)).unwrap();
        }
    }
    text + "\n"
}

#[test]
fn the_reference_of_the_command_line_is_made_of_the_help() {
    update(
        "docs/src/reference/command-line.md",
        &[
            ("subcommands", reference_of_subcommands()),
            ("flags", reference_of_flags()),
        ],
    );
}
