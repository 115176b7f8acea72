//! The documents say what the program does: the references of functions and of keys are the tables', links lead
//! somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ctmpl::config::reference::{self, Described};
use ctmpl::template::function::Function;
use ctmpl::template::functions::{self, examples};
use regex::Regex;

/// The reference of functions.
const PAGE: &str = "docs/functions.md";

const INTRODUCTION: &str = "\
<!-- Made of the function table: `CTMPL_UPDATE_DOCS=1 cargo test --test integration docs::` writes it anew. -->
# Functions

Each function has a name in Go templates and one in Jinja; the arguments are the same, in the same order. A value that is
piped in comes last: `{{ 10 | subtract 3 }}` is `{{ subtract 3 10 }}`, in Jinja `{{ 10 | subtract(3) }}`.
[templates.md](templates.md) says what the queries and their answers look like; `ctmpl functions` prints this on a
terminal.

The examples see two instances of the service `web`, a small mesh, the keys `host`, `port`, `limits` and `db/user` below `app/`, and
hosts of two applications below `apps/`.
";

/// The reference as it should be.
fn reference() -> String {
    let mut text = INTRODUCTION.to_owned();
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

fn entry(function: &Function) -> String {
    let Function {
        go,
        jinja,
        signature,
        summary,
        ..
    } = function;
    let names = if go == jinja {
        format!("`{go}`")
    } else {
        format!("`{go}`, `{jinja}`")
    };
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
    const PAGE: &str = "docs/configuration.md";
    let mut page = fs::read_to_string(PAGE).unwrap();
    let mut stale = false;
    for (name, made) in [("keys", tables_of_keys()), ("later", table_of_later())] {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->\n"));
        let start = page.find(&begin).unwrap() + begin.len();
        let stop = page.find(&end).unwrap();
        stale |= page[start..stop] != made;
        page.replace_range(start..stop, &made);
    }
    if std::env::var_os("CTMPL_UPDATE_DOCS").is_some() {
        fs::write(PAGE, &page).unwrap();
    } else {
        assert!(
            !stale,
            "{PAGE} is stale: CTMPL_UPDATE_DOCS=1 cargo test --test integration docs::"
        );
    }
}

/// The headings of a page, as links name them.
fn headings(page: &str) -> Vec<String> {
    let named = |heading: &str| {
        let kept = heading.to_lowercase().replace(' ', "-");
        kept.chars()
            .filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'))
            .collect()
    };
    page.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| named(line.trim_start_matches('#').trim()))
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
    let (mut files, mut calls) = (vec![PathBuf::from("src")], 0);
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
    let page = fs::read_to_string("docs/logs.md").unwrap();
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
        assert!(events.contains_key(name), "nothing says {name}");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let pages = [
        "README.md",
        "docs/templates.md",
        "docs/functions.md",
        "docs/configuration.md",
        "docs/logs.md",
        "docs/design.md",
        "docs/from-consul-template.md",
        "examples/README.md",
        "examples/dev/README.md",
    ];
    let mut checked = 0;
    for page in pages {
        let text = fs::read_to_string(page).unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") {
                continue;
            }
            let own = Path::new(page);
            let target = if file.is_empty() {
                own.to_owned()
            } else {
                own.parent().unwrap().join(file)
            };
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
    assert!(checked > 8, "only {checked} links");
}
