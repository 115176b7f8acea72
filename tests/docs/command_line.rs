//! The command line reference, generated from the help.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use regex::Regex;

use crate::support::documents::pages_below;

use super::{update, without_code};

/// Returns the output of `ctmpl` with these arguments.
fn output(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ctmpl"))
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the headings of a help text, each with its entries: a name and its description.
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
                // `--flag <VALUE>  description`; or the description starts on the next line.
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

/// Returns a table of flags. The texts in brackets at the end of descriptions become columns.
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

/// Returns the table of `ctmpl --help`, and for each subcommand a table of its own flags.
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
    for (name, _) in commands {
        let help = output(&[name, "--help"]);
        let purpose = help.split("\n\n").next().unwrap().replace('\n', " ");
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
fn the_reference_of_the_command_line_matches_the_help() {
    update(
        "docs/src/reference/command-line.md",
        &[
            ("subcommands", reference_of_subcommands()),
            ("flags", reference_of_flags()),
        ],
    );
}

/// Flags of other programs that the pages mention.
const FLAGS_OF_OTHERS: [&str; 4] = ["volume", "now", "name", "user"];

#[test]
fn every_flag_in_a_sentence_exists() {
    let help = output(&["--help"]);
    let mut known = FLAGS_OF_OTHERS.map(str::to_owned).to_vec();
    let flag = Regex::new(r"--([a-z][a-z-]+)").unwrap();
    let mut texts = vec![help.clone()];
    let own = sections(&help);
    let (_, commands) = own.iter().find(|(title, _)| title == "Commands").unwrap();
    texts.extend(commands.iter().map(|(name, _)| output(&[name, "--help"])));
    for text in &texts {
        known.extend(flag.captures_iter(text).map(|found| found[1].to_owned()));
    }
    // This flag is accepted for consul-template, but not in the help.
    known.push("dedup".to_owned());

    let span = Regex::new(r"`(?:ctmpl )?-{1,2}([a-z][a-z-]+)").unwrap();
    let mut pages = pages_below("docs");
    pages.extend(["README.md", "SECURITY.md", "CHANGELOG.md"].map(Into::into));
    let mut checked = 0;
    for page in pages {
        let text = without_code(&fs::read_to_string(&page).unwrap());
        for found in span.captures_iter(&text) {
            let name = &found[1];
            assert!(
                known.iter().any(|flag| flag == name),
                "{} names the flag --{name}, which does not exist",
                page.display()
            );
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} flags");
}

#[test]
fn every_exit_code_has_a_row() {
    let page = fs::read_to_string("docs/src/reference/exit-codes.md").unwrap();
    let man = output(&["man"]);
    let codes = man.split(".SH EXIT STATUS").nth(1).unwrap();
    let codes = codes.split(".SH").next().unwrap();
    let code = Regex::new(r"\\fB(\d+)\\fR").unwrap();
    let mut checked = 0;
    for found in code.captures_iter(codes) {
        let row = format!("\n| {} |", &found[1]);
        assert!(page.contains(&row), "{} has no row", &found[1]);
        checked += 1;
    }
    assert!(checked >= 7, "only {checked} codes");
}
