//! Parses the terminal transcripts of pages.
//!
//! Input: a `console` block. Output: its commands, and patterns for their outputs.

use regex::Regex;

/// Returns the commands of a `console` block, each with the output that follows. If the block
/// begins with output, the first command is empty.
pub fn transcript(text: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    let mut heredoc: Option<String> = None;
    for line in text.lines() {
        if let Some(end) = &heredoc {
            let (command, _) = commands.last_mut().unwrap();
            command.push('\n');
            command.push_str(line);
            if line == end {
                heredoc = None;
            }
        } else if let Some(command) = line.strip_prefix("$ ") {
            commands.push((command.to_owned(), String::new()));
            heredoc = command
                .split_once("<<'")
                .and_then(|(_, rest)| rest.split_once('\''))
                .map(|(end, _)| end.to_owned());
        } else {
            if commands.is_empty() {
                commands.push(Default::default());
            }
            let (_, shown) = commands.last_mut().unwrap();
            shown.push_str(line);
            shown.push('\n');
        }
    }
    commands
}

/// Returns the pattern for an expected output; `…` matches any text.
pub fn pattern(shown: &str, whole: bool) -> Regex {
    let mut pattern = r"\A".to_owned();
    for line in without_times(shown).lines() {
        if line == "…" {
            pattern += r"(?:.*\n)*?";
        } else {
            let parts: Vec<_> = line.split('…').map(regex::escape).collect();
            pattern += &parts.join(".*");
            pattern += r"[ \t]*\n";
        }
    }
    if whole {
        pattern += r"\z";
    }
    Regex::new(&pattern).unwrap()
}

/// Replaces all times in a text by the same word.
pub fn without_times(text: &str) -> String {
    let time = Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z").unwrap();
    time.replace_all(text, "TIME").into_owned()
}
