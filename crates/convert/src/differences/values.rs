//! The values that touch a difference: of keys in files, and of flags.

use std::ffi::OsStr;

use config_blocks::{FileMode, Flags, Node, Tree, go_bool, integer};

pub(super) fn any(_node: &Node) -> bool {
    true
}

/// A flag is touched only if it is given.
pub(super) fn given(_flags: &Flags) -> bool {
    true
}

pub(super) fn is_true(node: &Node) -> bool {
    node.value == Tree::Bool(true)
}

pub(super) fn is_false(node: &Node) -> bool {
    node.value == Tree::Bool(false)
}

fn text(node: &Node) -> &str {
    match &node.value {
        Tree::Text(text) => text,
        _ => "",
    }
}

pub(super) fn is_empty(node: &Node) -> bool {
    node.value == Tree::Text(String::new())
}

/// The names of standard input and output; for consul-template they are files.
const STREAMS: [&str; 3] = ["-", "/dev/stdin", "/dev/stdout"];

pub(super) fn is_stream(node: &Node) -> bool {
    STREAMS.contains(&text(node))
}

pub(super) fn is_flag_of_stream(flags: &Flags) -> bool {
    let mut templates = flags.texts("--template").iter();
    templates.any(|text| {
        let text = text.to_string_lossy();
        text.split(':').take(2).any(|part| STREAMS.contains(&part))
    })
}

pub(super) fn has_comma(node: &Node) -> bool {
    text(node).contains(',')
}

pub(super) fn has_blank_after_comma(node: &Node) -> bool {
    let text = text(node);
    text.contains(',') && text.split(',').any(|part| part != part.trim())
}

/// Each text of a list, or the parts of one text.
fn texts(node: &Node) -> Vec<&str> {
    match &node.value {
        Tree::Text(text) => text.split(',').collect(),
        Tree::List(items) => items.iter().map(text).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn has_name_alone(node: &Node) -> bool {
    texts(node).iter().any(|text| !text.contains('='))
}

/// A pattern with `?` or a class `[…]`; a `[` without its `]` is an error.
pub(super) fn has_one_of_several(node: &Node) -> bool {
    let has_class = |text: &str| {
        text.split_once('[')
            .is_some_and(|(_, rest)| rest.contains(']'))
    };
    texts(node)
        .iter()
        .any(|text| text.contains('?') || has_class(text))
}

/// A number that consul-template reads in decimal digits, and ctmpl in octal ones.
pub(super) fn is_octal_only(node: &Node) -> bool {
    let Tree::Number(spelling) = &node.value else {
        return false;
    };
    let octal = spelling.parse::<FileMode>().ok().map(|mode| mode.0);
    octal.is_some_and(|octal| integer(spelling) != Some(i64::from(octal)))
}

/// A `wait` that is turned off.
pub(super) fn is_no_wait(node: &Node) -> bool {
    match &node.value {
        Tree::Text(text) => matches!(text.trim(), "0" | "0s"),
        Tree::Block(entries) => entries.iter().any(|entry| {
            let is_switch = ["enabled", "bool"].contains(&entry.key.to_lowercase().as_str());
            is_switch && is_false(&entry.node)
        }),
        _ => false,
    }
}

fn is_another_signal(name: &str) -> bool {
    let name = name.trim().to_ascii_uppercase();
    !["", "INT", "NULL"].contains(&name.strip_prefix("SIG").unwrap_or(&name))
}

pub(super) fn is_another_kill_signal(node: &Node) -> bool {
    is_another_signal(text(node))
}

/// The last text of a flag; empty if it is not given.
fn last<'f>(flags: &'f Flags, flag: &str) -> &'f str {
    let last = flags.last(flag).and_then(|text| text.to_str());
    last.unwrap_or_default()
}

pub(super) fn flag_is_another_kill_signal(flags: &Flags) -> bool {
    is_another_signal(last(flags, "--kill-signal"))
}

pub(super) fn is_flag_of_no_signal(flags: &Flags) -> bool {
    flags
        .last("--exec-reload-signal")
        .is_some_and(OsStr::is_empty)
}

pub(super) fn is_flag_of_name_alone(flags: &Flags) -> bool {
    let mut texts = flags.texts("--exec-env-custom").iter();
    texts.any(|text| !text.to_string_lossy().contains('='))
}

fn is_flag_on(flags: &Flags, flag: &str) -> bool {
    go_bool(last(flags, flag)) == Some(true)
}

pub(super) fn is_parse_only(flags: &Flags) -> bool {
    is_flag_on(flags, "--parse-only")
}

pub(super) fn is_once_without_timeout(flags: &Flags) -> bool {
    is_flag_on(flags, "--once") && flags.texts("--timeout").is_empty()
}

/// A template whose parts consul-template cuts elsewhere: it takes one letter for a drive, and merges colons.
pub(super) fn is_cut_elsewhere(flags: &Flags) -> bool {
    flags.texts("--template").iter().any(|text| {
        let text = text.to_string_lossy();
        let mut parts: Vec<_> = text.split(':').collect();
        parts.pop();
        let is_drive = |part: &&str| matches!(part.as_bytes(), [b'a'..=b'z' | b'A'..=b'Z']);
        parts.iter().any(is_drive) || text.contains("::") || text.contains("\\:")
    })
}
