//! The documents say what the program does: the reference of functions is the table's, links lead somewhere.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ctmpl::template::function::Function;
use ctmpl::template::functions::{self, examples};

/// The reference of functions.
const PAGE: &str = "docs/functions.md";

const INTRODUCTION: &str = "\
<!-- Made of the function table: `CTMPL_UPDATE_DOCS=1 cargo test --test docs` writes it anew. -->
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
    let Function { go, jinja, signature, summary, .. } = function;
    let names = if go == jinja { format!("`{go}`") } else { format!("`{go}`, `{jinja}`") };
    let mut entry = format!("\n### {names}\n\n`{signature}`\n\n{}\n", summary.replace('<', "\\<"));
    if let Some(example) = examples::of(go) {
        write!(entry, "\n```\n{}\n{}\n```\n", example.in_go, example.in_jinja).unwrap();
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
    assert!(page == reference, "{PAGE} is stale: CTMPL_UPDATE_DOCS=1 cargo test --test docs");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let pages = [
        "README.md",
        "docs/templates.md",
        "docs/functions.md",
        "docs/configuration.md",
        "docs/design.md",
        "examples/README.md",
        "examples/dev/README.md",
    ];
    let mut checked = 0;
    for page in pages {
        let text = fs::read_to_string(page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") {
                let target = Path::new(page).parent().unwrap().join(file);
                assert!(target.exists(), "{page} links to {link}");
                checked += 1;
            }
        }
    }
    assert!(checked > 8, "only {checked} links");
}
