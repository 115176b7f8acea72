//! The language of code and documentation: see `CONTRIBUTING.md`.
//!
//! The subject of a sentence is a component or the user, so words that name neither are refused. A
//! doc comment is a statement, not a question.

use std::fs;
use std::path::{Path, PathBuf};

/// Words that are refused in any case. The Unix user `nobody` is written in quotes, or in an
/// identifier such as `as_nobody`.
const REFUSED: [&str; 4] = ["whoever", "somebody", "nobody", "anew"];

/// The checked files and folders.
const PLACES: [&str; 6] = ["src", "crates", "tests", "docs", "examples", "README.md"];

/// Recorded data, and this test.
const EXEMPT: [&str; 3] = ["tests/fixtures", "tests/vectors", "tests/plain_english.rs"];

/// Adds the text files below a path to `found`.
fn text_files(path: &Path, found: &mut Vec<(PathBuf, String)>) {
    if EXEMPT.iter().any(|exempt| path.starts_with(exempt)) {
        return;
    }
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            text_files(&entry.unwrap().path(), found);
        }
    } else if let Ok(text) = fs::read_to_string(path) {
        found.push((path.to_owned(), text));
    }
}

/// Returns all checked lines with their positions.
fn lines() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for place in PLACES.iter().filter(|place| Path::new(place).exists()) {
        text_files(Path::new(place), &mut files);
    }
    assert!(files.len() > 300, "only {} files were found", files.len());
    let of = |(path, text): &(PathBuf, String)| {
        let numbered = text.lines().enumerate();
        let lines = numbered.map(|(number, line)| {
            (
                format!("{}:{}", path.display(), number + 1),
                line.to_owned(),
            )
        });
        lines.collect::<Vec<_>>()
    };
    files.iter().flat_map(of).collect()
}

/// Returns `true` if a line has a refused word, other than the name of the Unix user.
fn is_refused(line: &str) -> bool {
    let names = [
        "as_nobody",
        "NOBODY",
        "\"nobody\"",
        "`nobody`",
        "user: nobody",
    ];
    let line = names
        .iter()
        .fold(line.to_owned(), |line, name| line.replace(name, ""));
    let words = line.split(|char: char| !char.is_alphabetic());
    words
        .map(str::to_lowercase)
        .any(|word| REFUSED.contains(&word.as_str()))
}

#[test]
fn the_subject_of_a_sentence_is_a_component_or_the_user() {
    let wrong: Vec<_> = lines()
        .into_iter()
        .filter(|(_, line)| is_refused(line))
        .collect();
    let report = wrong
        .iter()
        .map(|(place, line)| format!("{place}: {}", line.trim()));
    assert!(
        wrong.is_empty(),
        "these lines have one of the words {REFUSED:?}:\n{}",
        report.collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn no_doc_comment_is_a_question() {
    let is_question = |line: &str| {
        let line = line.trim();
        let comment = line.strip_prefix("///").or(line.strip_prefix("//!"));
        // An example of a message is not part of the comment's text.
        comment.is_some_and(|text| text.ends_with('?') && !text.starts_with(" hint: "))
    };
    let wrong: Vec<_> = lines()
        .into_iter()
        .filter(|(place, line)| place.contains(".rs:") && is_question(line))
        .map(|(place, line)| format!("{place}: {}", line.trim()))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
