//! The differences of ctmpl from consul-template: the table of the documentation, and the notes of `ctmpl validate`.
//!
//! Input: what a configuration consists of: files, flags and templates. Output: one note for each place that touches a
//! difference. A note shows no value, which may be a secret.

mod command_line;
mod configuration;
mod difference;
mod functions;
mod process;
mod rendering;
mod values;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use config_blocks::{Document, Error, Flags, Format, Node, Origin, Source, Span, Tree};
use gotemplate::{Delimiters, FunctionId, Options};

pub use difference::Difference;
use difference::Touch;

/// The differences, with the headings of the page.
pub const SECTIONS: [(&str, &[Difference]); 5] = [
    ("Failures, commands and signals", process::ROWS),
    ("Command line and log", command_line::ROWS),
    ("Configuration", configuration::ROWS),
    ("Rendering and writing", rendering::ROWS),
    ("Results of functions", functions::ROWS),
];

fn all() -> impl Iterator<Item = &'static Difference> {
    SECTIONS.iter().flat_map(|(_, rows)| rows.iter())
}

/// The tables of the page, each below its heading.
#[must_use]
pub fn page() -> String {
    let mut page = String::new();
    for (heading, rows) in SECTIONS {
        page.extend(["\n## ", heading, "\n\n"]);
        page += "| | consul-template | ctmpl | reason |\n|---|---|---|---|\n";
        for row in rows {
            let cells = [row.subject, row.theirs, row.ours, row.reason];
            page.extend(["| ", &cells.join(" | "), " |\n"]);
        }
    }
    page.replace("|  |", "| |") + "\n"
}

/// The notes about a file. consul-template reads HCL and JSON only, so other formats touch nothing.
///
/// # Errors
/// If the file is not in its format.
pub fn in_file(source: &Source) -> Result<Vec<String>, Error> {
    let mut notes = Vec::new();
    if matches!(source.format, Format::Hcl | Format::Json) {
        walk(&source.tree()?, ("", ""), &mut |line, path, key, node| {
            let origin = Origin::File(Arc::new(Span {
                document: Document::clone(&source.document),
                line,
                key: path.to_owned(),
            }));
            let touched = touched(|touch| match touch {
                Touch::Key(name, when) => *name == key && when(node),
                _ => false,
            });
            notes.extend(touched.map(|row| row.note(&origin.to_string())));
        });
    }
    Ok(notes)
}

/// The notes about flags.
#[must_use]
pub fn in_flags(flags: &Flags) -> Vec<String> {
    let mut notes = Vec::new();
    for row in all() {
        for touch in row.touched_by {
            if let Touch::Flag(flag, when) = touch
                && !flags.texts(flag).is_empty()
                && when(flags)
            {
                notes.push(row.note(flag));
            }
        }
    }
    notes
}

/// The note about variables of the environment that set keys of `consul.ssl` besides a file or a flag.
#[must_use]
pub fn in_ssl_of_environment(variables: &str) -> String {
    configuration::SSL_OF_ENVIRONMENT.note(variables)
}

/// The note about a token that is set in a later file, or a flag, than the token file.
#[must_use]
pub fn in_token_over_file(token: &str) -> String {
    configuration::TOKEN_OVER_FILE.note(token)
}

/// The note about a user without a password.
#[must_use]
pub fn in_user_alone(user: &str) -> String {
    command_line::USER_ALONE.note(user)
}

/// The note about a destination that is a symbolic link.
#[must_use]
pub fn in_linked_destination(destination: &str) -> String {
    rendering::LINKED_DESTINATION.note(destination)
}

/// A template.
#[derive(Clone, Copy, Debug)]
pub struct TemplateText<'a> {
    /// Its name, for notes.
    pub name: &'a str,
    /// Its source.
    pub text: &'a str,
    /// The delimiters of its actions, if it is a Go template.
    pub delimiters: &'a Delimiters,
    /// ctmpl reads it as Jinja.
    pub is_jinja: bool,
}

/// The notes about a template. `knows` returns `true` if a template may call the function with this Go name.
pub fn in_template(template: TemplateText<'_>, knows: impl Fn(&str) -> bool) -> Vec<String> {
    let TemplateText {
        name,
        text,
        delimiters,
        is_jinja,
    } = template;
    let called = RefCell::new(BTreeSet::new());
    let options = Options {
        delimiters: delimiters.clone(),
        ..Options::default()
    };
    let parsed = gotemplate::Template::parse(name, text, &options, |function| {
        called.borrow_mut().insert(function.to_owned());
        knows(function).then_some(FunctionId(0))
    });
    if is_jinja {
        // A Jinja template calls functions that Go templates do not have, or has statements.
        let is_go = parsed.is_ok() && text.contains(&delimiters.left) && !text.contains("{%");
        return Vec::from_iter(is_go.then(|| configuration::JINJA_BY_NAME.note(name)));
    }
    let mut notes = Vec::new();
    for function in called
        .into_inner()
        .iter()
        .filter(|function| knows(function))
    {
        let touched = touched(|touch| match touch {
            Touch::Functions(names) => names.contains(&function.as_str()),
            Touch::Call(names, when) => names.contains(&function.as_str()) && when(text),
            _ => false,
        });
        notes.extend(touched.map(|row| row.note(&format!("{name}: {function}"))));
    }
    let touched = touched(|touch| matches!(touch, Touch::Text(when) if when(text)));
    notes.extend(touched.map(|row| row.note(name)));
    notes
}

fn touched(holds: impl Fn(&Touch) -> bool) -> impl Iterator<Item = &'static Difference> {
    all().filter(move |row| row.touched_by.iter().any(&holds))
}

/// Visits each key with its line, its path with the numbers of repeated blocks, its path without them in lower case, and
/// its value.
fn walk(node: &Node, above: (&str, &str), visit: &mut dyn FnMut(usize, &str, &str, &Node)) {
    let Tree::Block(entries) = &node.value else {
        return;
    };
    let below = |above: &str, name: &str| match above {
        "" => name.to_owned(),
        above => format!("{above}.{name}"),
    };
    let mut templates = 0;
    for entry in entries {
        let key = below(above.1, &entry.key.to_ascii_lowercase());
        let blocks = match &entry.node.value {
            Tree::List(items)
                if items
                    .iter()
                    .any(|item| matches!(item.value, Tree::Block(_))) =>
            {
                items.as_slice()
            }
            _ => std::slice::from_ref(&entry.node),
        };
        for block in blocks {
            let name = if key == "template" {
                templates += 1;
                format!("{key}[{templates}]")
            } else {
                entry.key.clone()
            };
            let path = below(above.0, &name);
            visit(entry.line, &path, &key, block);
            walk(block, (&path, &key), visit);
        }
    }
}

#[cfg(test)]
mod tests;
