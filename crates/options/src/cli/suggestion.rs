//! Suggests a command or a flag for a word that is unknown.

use std::ffi::OsStr;
use std::path::Path;

use clap::Command;
use clap::error::{ContextKind, ContextValue};

/// The extensions of configuration files.
const CONFIGURATIONS: [&str; 5] = ["hcl", "json", "yaml", "yml", "toml"];

/// The usual extensions of templates.
const TEMPLATES: [&str; 6] = ["ctmpl", "tpl", "tmpl", "j2", "jinja", "jinja2"];

/// The command or flag to suggest for an unexpected word. `has` returns `true` for a flag of the command; `commands` has
/// the commands if one could be here.
pub(super) fn for_word(
    word: &str,
    has: impl Fn(&str) -> bool,
    commands: Option<&Command>,
) -> Option<String> {
    let ends_in = |extensions: &[&str]| {
        let extension = Path::new(word).extension().and_then(OsStr::to_str);
        extension.is_some_and(|extension| extensions.contains(&extension))
    };
    if word.contains(':') && has("template") {
        let is_quoted = word.contains(char::is_whitespace);
        let quote = if is_quoted { "\"" } else { "" };
        return Some(format!("--template {quote}{word}{quote}"));
    }
    if ends_in(&CONFIGURATIONS) && has("config") {
        return Some(format!("--config {word}"));
    }
    if ends_in(&TEMPLATES) && has("template") {
        return Some(format!("--template {word}:DESTINATION"));
    }
    if word.len() > 1 && has(word) {
        return Some(format!("--{word}"));
    }
    let command = similar_command(commands?, word)?;
    Some(format!("ctmpl {command}"))
}

/// The flag of a command that is similar to an unknown one.
pub(super) fn similar_flag(command: &Command, flag: &str) -> Option<String> {
    match flag {
        // The flag of consul-template before version 0.19.
        "--consul" => Some("--consul-addr".to_owned()),
        // The short flags that other programs have.
        "-c" => Some("--config".to_owned()),
        "-t" => Some("--template".to_owned()),
        "-V" => Some("-v".to_owned()),
        flag => similar(command, flag, ContextKind::SuggestedArg),
    }
}

/// The subcommand that is similar to an unknown one.
pub(super) fn similar_command(root: &Command, name: &str) -> Option<String> {
    similar(root, name, ContextKind::SuggestedSubcommand)
}

/// The suggestion of `clap` for a word. The best one is the last.
fn similar(command: &Command, word: &str, kind: ContextKind) -> Option<String> {
    let error = command
        .clone()
        .try_get_matches_from(["ctmpl", word])
        .err()?;
    match error.get(kind) {
        Some(ContextValue::String(near)) => Some(near.clone()),
        Some(ContextValue::Strings(near)) => near.last().cloned(),
        _ => None,
    }
}
