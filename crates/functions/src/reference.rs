//! Generates the reference of functions, for a terminal and as a Markdown page.

use std::fmt::Write as _;

use crate::function::Function;
use crate::library::Library;

/// The width of a list, in columns.
const WIDTH: usize = 80;

/// Returns the names and the summary of each function, under the headings of their groups. No line
/// is longer than 80 columns.
#[must_use]
pub fn list(library: &Library) -> String {
    let mut text = String::new();
    let mut group = None;
    for function in library.all() {
        if group != Some(function.group) {
            let gap = if group.is_some() { "\n" } else { "" };
            let _ = writeln!(text, "{gap}{}\n", function.group.title());
            group = Some(function.group);
        }
        let _ = if function.go == function.jinja {
            writeln!(text, "  {}", function.go)
        } else {
            writeln!(text, "  {}, {}", function.go, function.jinja)
        };
        wrap(&mut text, function.summary, 6);
    }
    text
}

/// Writes a paragraph with this indent.
fn wrap(text: &mut String, paragraph: &str, indent: usize) {
    let mut column = 0;
    for word in paragraph.split_whitespace() {
        let length = word.chars().count();
        if column == 0 {
            let _ = write!(text, "{:indent$}{word}", "");
            column = indent + length;
        } else if column + 1 + length > WIDTH {
            let _ = write!(text, "\n{:indent$}{word}", "");
            column = indent + length;
        } else {
            let _ = write!(text, " {word}");
            column += 1 + length;
        }
    }
    text.push('\n');
}

/// Returns the reference of one function, which is found by its name in either language; `None` if
/// it does not exist.
#[must_use]
pub fn entry(library: &Library, name: &str) -> Option<String> {
    let function = library
        .named_in_go(name)
        .or_else(|| library.named_in_jinja(name))?;
    let Function {
        go,
        jinja,
        signature,
        summary,
        ..
    } = function;
    let mut text = format!("{go} {signature}\n");
    if go != jinja {
        let _ = writeln!(text, "In Jinja: {jinja}");
    }
    let _ = writeln!(text, "\n{summary}");
    if let Some(example) = library.example(go) {
        let output = example.output.replace('\n', "\n        ");
        let _ = writeln!(
            text,
            "\nGo:     {}\nJinja:  {}\nGives:  {output}",
            example.in_go, example.in_jinja
        );
    }
    Some(text)
}

/// Returns the reference of all functions in Markdown, with level 2 headings for groups and level 3
/// headings for functions.
#[must_use]
pub fn page(library: &Library) -> String {
    let mut text = String::new();
    let mut group = None;
    for function in library.all() {
        if group != Some(function.group) {
            group = Some(function.group);
            let _ = write!(text, "\n## {}\n", function.group.title());
        }
        text += &section(library, function);
    }
    text
}

/// Returns the heading of a function on the [`page`]: its names in backticks.
#[must_use]
pub fn heading(function: &Function) -> String {
    let Function { go, jinja, .. } = function;
    if go == jinja {
        format!("`{go}`")
    } else {
        format!("`{go}`, `{jinja}`")
    }
}

fn section(library: &Library, function: &Function) -> String {
    let Function {
        go,
        signature,
        summary,
        ..
    } = function;
    let heading = heading(function);
    let summary = summary.replace('<', "\\<");
    let mut section = format!("\n### {heading}\n\n`{signature}`\n\n{summary}\n");
    if let Some(example) = library.example(go) {
        let output = example.output.trim_end();
        let _ = write!(
            section,
            "\n```\n{}\n{}\n```\n\n```\n{output}\n```\n",
            example.in_go, example.in_jinja
        );
    }
    section
}
