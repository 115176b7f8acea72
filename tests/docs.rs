//! The generated parts of the book are up to date, the table of events matches the source, and links lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ctmpl::config::reference::{self, Described};
use ctmpl::template::function::Function;
use ctmpl::template::functions::{self, examples};
use regex::Regex;

use crate::support::documents::pages_below;

/// The reference of functions.
const PAGE: &str = "docs/src/reference/functions.md";

const INTRODUCTION: &str = "\
<!-- Generated from the function table by `CTMPL_UPDATE_DOCS=1 cargo test --test integration docs::`. -->
# Functions

Each function has a name for Go templates and one for Jinja. The arguments are the same, in the same order. A piped value
becomes the last argument: `{{ 10 | subtract 3 }}` is `{{ subtract 3 10 }}`, in Jinja `{{ 10 | subtract(3) }}`.

[Queries and their values](queries.md) explains the arguments of the queries and the fields of their answers. `ctmpl functions`
prints this list in a terminal, and `ctmpl functions NAME` one entry.

In the examples, Consul has two instances of the service `web`, a small mesh, the keys `host`, `port`, `limits` and `db/user` below
`app/`, and hosts of two applications below `apps/`.
";

/// The reference as it should be.
fn reference() -> String {
    let mut text = INTRODUCTION.to_owned() + &index();
    let mut group = None;
    for function in functions::all() {
        if group != Some(function.group) {
            group = Some(function.group);
            write!(text, "\n## {}\n", function.group.title()).unwrap();
        }
        text += &entry(function);
    }
    text
}

/// The alphabetical index: every name, with a link to its entry.
fn index() -> String {
    let mut names = BTreeMap::new();
    for function in functions::all() {
        let anchor = anchor(&title(function));
        for name in [function.go, function.jinja] {
            names.insert(
                (name.to_lowercase(), name),
                format!("[`{name}`](#{anchor})"),
            );
        }
    }
    let mut text = "\n## Index\n".to_owned();
    let mut letter = None;
    for ((lower, _), link) in names {
        if letter == lower.chars().next() {
            text += ",\n";
        } else {
            text += if letter.is_none() { "\n" } else { "\n\n" };
            letter = lower.chars().next();
        }
        text += &link;
    }
    text + "\n"
}

/// The heading of an entry: the names of a function.
fn title(function: &Function) -> String {
    let Function { go, jinja, .. } = function;
    if go == jinja {
        format!("`{go}`")
    } else {
        format!("`{go}`, `{jinja}`")
    }
}

fn entry(function: &Function) -> String {
    let Function {
        go,
        signature,
        summary,
        ..
    } = function;
    let names = title(function);
    let mut entry = format!(
        "\n### {names}\n\n`{signature}`\n\n{}\n",
        summary.replace('<', "\\<")
    );
    if let Some(example) = examples::of(go) {
        write!(
            entry,
            "\n```\n{}\n{}\n```\n",
            example.in_go, example.in_jinja
        )
        .unwrap();
        write!(entry, "\n```\n{}\n```\n", example.output.trim_end()).unwrap();
    }
    entry
}

#[test]
fn the_reference_of_functions_is_made_of_the_table() {
    let reference = reference();
    assert!(functions::all().count() > 60, "the table is empty");
    if std::env::var_os("CTMPL_UPDATE_DOCS").is_some() {
        fs::write(PAGE, &reference).unwrap();
    }
    let page = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        page == reference,
        "{PAGE} is stale: CTMPL_UPDATE_DOCS=1 cargo test --test integration docs::"
    );
}

/// The tables of keys, one for each block that is not within another.
fn tables_of_keys() -> String {
    let keys = reference::keys();
    assert!(keys.len() > 50, "the table is empty");
    let mut text = String::new();
    let blocks = keys
        .iter()
        .filter(|key| key.path.contains('.'))
        .filter_map(|key| key.path.split('.').next());
    let mut groups = vec![""];
    for block in blocks {
        if !groups.contains(&block) {
            groups.push(block);
        }
    }
    for group in groups {
        if !group.is_empty() {
            write!(text, "\n### `{group}`\n").unwrap();
        }
        text += "\n| key | takes | default | |\n|---|---|---|---|\n";
        for Described {
            path,
            kind,
            default,
            purpose,
        } in &keys
        {
            let (block, name) = path.split_once('.').unwrap_or(("", path));
            if block == group {
                let is_value =
                    default.starts_with(['"', '[']) || ["true", "false"].contains(default);
                let default = if is_value {
                    format!("`{default}`")
                } else {
                    (*default).to_owned()
                };
                writeln!(text, "| `{name}` | {kind} | {default} | {purpose} |").unwrap();
            }
        }
    }
    text + "\n"
}

fn table_of_later() -> String {
    let mut text = "\n| key | |\n|---|---|\n".to_owned();
    for (path, what) in reference::keys_for_later().filter(|(path, _)| *path != "consul") {
        writeln!(text, "| `{path}` | {what} |").unwrap();
    }
    text + "\n"
}

#[test]
fn the_tables_of_keys_are_made_of_the_written_shape() {
    const PAGE: &str = "docs/src/reference/configuration.md";
    update(
        PAGE,
        &[("keys", tables_of_keys()), ("later", table_of_later())],
    );
}

/// Compares the generated parts of a page, each between two comments with its name; or writes them, if that is wanted.
fn update(path: &str, parts: &[(&str, String)]) {
    let mut page = fs::read_to_string(path).unwrap();
    let mut stale = false;
    for (name, made) in parts {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->\n"));
        let start = page.find(&begin).unwrap() + begin.len();
        let stop = page.find(&end).unwrap();
        stale |= page[start..stop] != *made;
        page.replace_range(start..stop, made);
    }
    if std::env::var_os("CTMPL_UPDATE_DOCS").is_some() {
        fs::write(path, &page).unwrap();
    } else {
        assert!(
            !stale,
            "{path} is stale: CTMPL_UPDATE_DOCS=1 cargo test --test integration docs::"
        );
    }
}

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

/// A heading as links name it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase().replace(' ', "-");
    kept.chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'))
        .collect()
}

/// The headings of a page, as links name them.
fn headings(page: &str) -> Vec<String> {
    page.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

/// Every event that the source names: its level and its fields.
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
fn the_table_of_events_is_what_the_source_says() {
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

/// A page without its blocks of code.
fn without_code(page: &str) -> String {
    let mut is_code = false;
    let mut kept = String::new();
    for line in page.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            kept += line;
            kept.push('\n');
        }
    }
    kept
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut pages = pages_below("docs");
    pages.extend(pages_below("examples"));
    let others = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
    ];
    pages.extend(others.map(PathBuf::from));
    let mut checked = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let text = without_code(&text);
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") {
                continue;
            }
            let target = if file.is_empty() {
                page.clone()
            } else {
                page.parent().unwrap_or(Path::new("")).join(file)
            };
            let page = page.display();
            assert!(target.exists(), "{page} links to {link}");
            if !heading.is_empty() {
                assert!(
                    headings(&fs::read_to_string(&target).unwrap()).contains(&heading.to_owned()),
                    "{page}: {link}"
                );
            }
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} links");
}
