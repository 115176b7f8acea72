//! The generated parts of the book are up to date, the table of events matches the source, and
//! links resolve.

mod command_line;
mod dev_server;
mod events;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use config_blocks::reference::Described;
use consul_render::functions;
use ctmpl_convert::differences;
use ctmpl_options::config::reference;

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

/// Returns the generated reference.
fn reference() -> String {
    INTRODUCTION.to_owned() + &index() + &::functions::reference::page(&functions::LIBRARY)
}

/// Returns the alphabetical index: every name, linked to its entry.
fn index() -> String {
    let mut names = BTreeMap::new();
    for function in functions::all() {
        let anchor = anchor(&::functions::reference::heading(function));
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

#[test]
fn the_reference_of_functions_matches_the_table() {
    let reference = reference();
    assert!(functions::all().count() > 60, "the table is empty");
    if std::env::var_os("CTMPL_UPDATE_DOCS").is_some() {
        replace(PAGE, &reference);
    }
    let page = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        page == reference,
        "{PAGE} is stale: CTMPL_UPDATE_DOCS=1 cargo test --test integration docs::"
    );
}

/// Returns the tables of keys, one for each block that is not inside another.
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
            let (block, name) = path.split_once('.').unwrap_or(("", path.as_str()));
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
    for (path, what) in reference::unsupported_keys() {
        writeln!(text, "| `{path}` | {what} |").unwrap();
    }
    text + "\n"
}

#[test]
fn the_tables_of_keys_match_the_declarations() {
    const PAGE: &str = "docs/src/reference/configuration.md";
    update(
        PAGE,
        &[("keys", tables_of_keys()), ("later", table_of_later())],
    );
}

#[test]
fn the_tables_of_differences_match_those_of_validate() {
    update(
        "docs/src/reference/differences.md",
        &[("differences", differences::page())],
    );
}

/// Compares the generated parts of a page, each between two comments with its name. With
/// `CTMPL_UPDATE_DOCS`, writes them instead.
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
        replace(path, &page);
    } else {
        assert!(
            !stale,
            "{path} is stale: CTMPL_UPDATE_DOCS=1 cargo test --test integration docs::"
        );
    }
}

/// Replaces a page at once, because another test may read it meanwhile.
fn replace(path: &str, page: &str) {
    let new = format!("{path}.new");
    fs::write(&new, page).unwrap();
    fs::rename(new, path).unwrap();
}

/// Returns the anchor of a heading, as used in links.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase().replace(' ', "-");
    kept.chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'))
        .collect()
}

/// Returns the anchors of the headings of a page.
fn headings(page: &str) -> Vec<String> {
    page.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

/// Returns a page without its code blocks.
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
fn links_between_documents_resolve() {
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
            // mdBook shows only files below `docs/src`.
            let leaves = page.to_string().starts_with("docs/src")
                && !target
                    .canonicalize()
                    .unwrap()
                    .starts_with(Path::new("docs/src").canonicalize().unwrap());
            assert!(!leaves, "{page} links out of the book: {link}");
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

/// The folders of source code, as paths in `CONTRIBUTING.md` begin.
const SOURCE_FOLDERS: [&str; 7] = [
    "src/",
    "crates/",
    "tests/",
    "docs/",
    "benches/",
    "scripts/",
    "packaging/",
];

#[test]
fn the_paths_for_contributors_exist() {
    let text = fs::read_to_string("CONTRIBUTING.md").unwrap();
    let quoted = text.split('`').skip(1).step_by(2);
    let paths = quoted.filter(|text| {
        let is_path = SOURCE_FOLDERS.iter().any(|folder| text.starts_with(folder));
        let is_placeholder = text.contains("NAME") || text.contains([' ', '*', '{']);
        is_path && !is_placeholder
    });
    let paths: Vec<_> = paths.collect();
    assert!(paths.len() > 50, "only {} paths", paths.len());
    let missing: Vec<_> = paths
        .iter()
        .filter(|path| !Path::new(path).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
