//! The documents say what the program does: the list of functions is the table's, links lead somewhere.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ctmpl::template::function::Group;
use ctmpl::template::functions;

const MARK: &str = "writes it anew. -->\n";

/// The list of functions as the page has it.
fn list() -> String {
    let mut text = String::new();
    let mut group = None;
    for function in functions::all() {
        if group != Some(function.group) {
            group = Some(function.group);
            let title = match function.group {
                Group::Sources => "Questions to Consul, and files",
                Group::Environment => "The environment, and the template's own",
                Group::Text => "Text, lists, numbers and encodings",
                Group::Shape => "Maps, and lists in another shape",
                Group::Math => "Arithmetic",
                Group::Sprig => "Sprig",
                Group::Debug => "Looking at values",
            };
            writeln!(text, "\n### {title}\n\n| Go | Jinja | arguments and result | |\n|---|---|---|---|").unwrap();
        }
        let (signature, summary) = (function.signature.replace('|', "\\|"), function.summary.replace('|', "\\|"));
        writeln!(text, "| `{}` | `{}` | `{signature}` | {summary} |", function.go, function.jinja).unwrap();
    }
    text
}

#[test]
fn the_list_of_functions_is_the_table() {
    let page = fs::read_to_string("docs/templates.md").unwrap();
    let (before, listed) = page.split_once(MARK).unwrap();
    let list = list();
    assert!(list.lines().count() > 60, "the table is empty");
    if std::env::var_os("CTMPL_UPDATE_DOCS").is_some() {
        fs::write("docs/templates.md", format!("{before}{MARK}{list}")).unwrap();
    } else {
        assert!(listed == list, "docs/templates.md is stale: CTMPL_UPDATE_DOCS=1 cargo test --test docs");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let pages = ["README.md", "docs/templates.md", "docs/design.md", "examples/README.md", "examples/dev/README.md"];
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
