//! Rewrites values that consul-template interprets in another way than ctmpl.
//!
//! Input: a value, its key, and the values that the key accepts. Output: the value for ctmpl, and a
//! note.

use std::time::Duration;

use config_blocks::{FileMode, Node, Shape, Tree, float, integer};
use go_duration::GoDuration;

use super::section::{Piece, Section};

/// A rewritten value.
pub(super) enum Verdict {
    /// The value has the same meaning.
    Same(Piece),
    /// A changed value, with a note.
    Noted(Piece, &'static str),
    /// The value is omitted, for this reason.
    LeftOut(&'static str),
}
use Verdict::{LeftOut, Noted, Same};

/// Timeouts that must not be zero.
const LIMITS: [&str; 2] = ["template.command_timeout", "template.exec.timeout"];

/// Rewrites a single value of a key; `path` has no numbers.
pub(super) fn value(path: &str, shape: &Shape, node: &Node) -> Verdict {
    let spelling = shape.spelling.as_ref().map_or("", |spelling| spelling.name);
    match (spelling, &node.value) {
        ("duration", value) => duration(path, node, value),
        ("mode", Tree::Number(spelling)) => {
            mode_of_number(spelling).unwrap_or_else(|| Same(plain(node)))
        }
        ("mode", Tree::Text(text)) => mode_of_text(text),
        ("command", Tree::Text(line)) if line.contains(',') => Noted(
            Piece::Text(line.clone()),
            "consul-template splits it at commas; in ctmpl it is one line",
        ),
        (_, Tree::Text(text)) if spelling != "command" && shape.list && text.contains(',') => {
            let items = text.split(',').map(str::trim_start);
            let items = items.filter(|item| !item.is_empty());
            Same(Piece::List(
                items.map(|item| Piece::Text(item.to_owned())).collect(),
            ))
        }
        (_, Tree::Bool(true)) if path == "once" => Noted(
            Piece::Bool(true),
            "consul-template ignores it in a file; ctmpl exits when everything is written",
        ),
        (_, Tree::Text(text)) if path == "exec.reload_signal" && text.is_empty() => {
            let what = "consul-template leaves the child process alone then, and so does SIGNULL; with the empty text, ctmpl restarts it";
            Noted(Piece::Text("SIGNULL".to_owned()), what)
        }
        (_, Tree::Bool(false)) if path == "exec.enabled" || path == "template.exec.enabled" => {
            Noted(
                Piece::Bool(false),
                "consul-template runs it anyway; ctmpl does not",
            )
        }
        (_, Tree::Bool(true)) if path == "parseonly" => Noted(
            Piece::Bool(true),
            "consul-template ignores it in a file; ctmpl parses the templates and exits",
        ),
        (_, Tree::Number(spelling)) if path == "consul.retry.attempts" => match integer(spelling) {
            Some(0) => Same(plain(node)),
            Some(..0) => Noted(
                Piece::Number("0".to_owned()),
                "0 is the documented spelling of no limit",
            ),
            _ => Noted(
                plain(node),
                "the daemon has no limit; only a run with -once gives up after this many",
            ),
        },
        _ => Same(plain(node)),
    }
}

fn duration(path: &str, node: &Node, value: &Tree) -> Verdict {
    let nanos = match value {
        Tree::Number(spelling) => integer(spelling).and_then(|number| u64::try_from(number).ok()),
        _ => None,
    };
    let written = match value {
        Tree::Text(text) => text.parse().ok(),
        _ => nanos.map(|nanos| GoDuration(Duration::from_nanos(nanos))),
    };
    match (written, nanos) {
        (Some(written), _) if written.0.is_zero() && LIMITS.contains(&path) => LeftOut(
            "consul-template does not wait for the command then; ctmpl waits, for 30s unless set",
        ),
        (Some(written), Some(1..)) => {
            let what = "a number is nanoseconds in consul-template, and an error in ctmpl; this is the same time with its unit";
            Noted(Piece::Text(written.to_string()), what)
        }
        (Some(written), Some(0)) => Same(Piece::Text(written.to_string())),
        _ => Same(plain(node)),
    }
}

fn text_of(mode: u32) -> Piece {
    Piece::Text(format!("{mode:04o}"))
}

/// Rewrites a mode. A number with a leading zero is octal in HCL; other numbers are decimal in
/// consul-template, and octal in ctmpl.
fn mode_of_number(spelling: &str) -> Option<Verdict> {
    let octal = spelling.parse::<FileMode>().ok();
    let number = integer(spelling).and_then(|number| u32::try_from(number).ok())?;
    let meant = format!("{number:o}").parse::<FileMode>().ok();
    match (octal, meant) {
        (Some(octal), Some(meant)) if octal == meant => Some(Same(text_of(octal.0))),
        (Some(octal), _) => Some(Noted(
            text_of(octal.0),
            "consul-template reads the number as decimal, which gives another mode",
        )),
        (None, Some(meant)) => Some(Noted(
            text_of(meant.0),
            "it was in decimal; this is the same mode in octal",
        )),
        (None, None) => None,
    }
}

fn mode_of_text(text: &str) -> Verdict {
    let bits = u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode > 0o777 && *mode <= 0o7777);
    match (text.parse::<FileMode>(), bits.map(|mode| mode & 0o777)) {
        (Ok(mode), _) => Same(text_of(mode.0)),
        (Err(_), Some(mode)) => Noted(
            text_of(mode),
            "consul-template sets the last nine bits only",
        ),
        (Err(_), None) => Same(Piece::Text(text.to_owned())),
    }
}

/// Returns a value without changes; numbers become decimal.
pub(super) fn plain(node: &Node) -> Piece {
    match &node.value {
        Tree::Bool(value) => Piece::Bool(*value),
        Tree::Number(spelling) => {
            let whole = integer(spelling).map(|number| number.to_string());
            let any = || float(spelling).map(|number| number.to_string());
            Piece::Number(whole.or_else(any).unwrap_or_else(|| spelling.clone()))
        }
        Tree::Text(text) => Piece::Text(text.clone()),
        Tree::List(items) => Piece::List(items.iter().map(plain).collect()),
        // Reading the result reports a block in this position as an error.
        Tree::Null | Tree::Block(_) | Tree::Labelled(_) => Piece::Block(Section::default()),
    }
}
