//! One difference, and what touches it.

use config_blocks::{Flags, Node};

/// A difference of ctmpl from consul-template, in Markdown.
#[derive(Clone, Copy, Debug)]
pub struct Difference {
    /// What is different.
    pub subject: &'static str,
    /// What consul-template does.
    pub theirs: &'static str,
    /// What ctmpl does.
    pub ours: &'static str,
    /// Why.
    pub reason: &'static str,
    /// The inputs that touch the difference. It is empty where ctmpl reports an error or a warning anyway, and where the
    /// difference is the same for every configuration.
    pub(super) touched_by: &'static [Touch],
}

/// An input that touches a difference.
#[derive(Clone, Copy, Debug)]
pub(super) enum Touch {
    /// A key of a file, by its path without numbers, with a value for which this is `true`.
    Key(&'static str, fn(&Node) -> bool),
    /// A flag, if this is `true` for all flags.
    Flag(&'static str, fn(&Flags) -> bool),
    /// The functions that a Go template calls.
    Functions(&'static [&'static str]),
    /// The functions that a Go template calls, if this is `true` for its text.
    Call(&'static [&'static str], fn(&str) -> bool),
    /// A Go template with a text for which this is `true`.
    Text(fn(&str) -> bool),
}

impl Difference {
    /// The note about a difference that is touched from here. It ends with its subject, which the two behaviors do not name,
    /// and by which the reader finds the row of the table.
    pub(super) fn note(&self, origin: &str) -> String {
        let plain = |text: &str| without_links(text).replace('`', "");
        format!(
            "{origin}: consul-template: {}; ctmpl: {} ({})",
            plain(self.theirs),
            plain(self.ours),
            plain(self.subject)
        )
    }
}

/// A text with the words of its links only.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        let Some((words, after)) = link.split_once("](") else {
            break;
        };
        plain = plain + before + words;
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    plain + rest
}
