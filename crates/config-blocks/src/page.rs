//! A configuration as HCL, with the origin of each value in a comment.

use std::fmt::Write as _;

use crate::key::Key;
use crate::origin::Origin;

/// Lines so far.
pub struct Page {
    /// The text.
    pub text: String,
    indent: usize,
    /// Whether each value shows its origin, and unset keys their default.
    origins: bool,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            text: String::new(),
            indent: 0,
            origins: true,
        }
    }
}

impl Page {
    /// Creates a page that shows only the values that are set, without their origins.
    pub(crate) fn of_values() -> Self {
        Self {
            origins: false,
            ..Self::default()
        }
    }

    /// Adds a line.
    pub fn line(&mut self, text: &str, origin: Option<&str>) {
        let text = format!("{:1$}{text}", "", self.indent);
        let _ = match origin {
            Some(origin) => writeln!(self.text, "{text:<48} # {origin}"),
            None => writeln!(self.text, "{text}"),
        };
    }

    /// Adds a block. If the block has an origin, its values do not show theirs, because it is the same.
    pub fn block(&mut self, name: &str, origin: Option<&Origin>, fill: impl FnOnce(&mut Self)) {
        self.line(
            &format!("{name} {{"),
            origin.map(ToString::to_string).as_deref(),
        );
        let around = std::mem::replace(&mut self.origins, origin.is_none());
        self.indent += 2;
        fill(self);
        self.indent -= 2;
        self.origins = around;
        self.line("}", None);
    }

    /// Adds a value that is set, or its default; nothing if there is neither.
    pub fn setting(&mut self, key: &Key, set: Option<(String, &Origin)>) {
        let default = key.shown_default().filter(|_| self.origins);
        let (value, origin) = match (set, default) {
            (Some((value, origin)), _) => (value, origin.to_string()),
            (None, Some(default)) => (default.to_owned(), Origin::Default.to_string()),
            (None, None) => return,
        };
        // A file cannot hold a key that is only a flag.
        let comment = if key.flag_only { "# " } else { "" };
        let origin = Some(origin.as_str()).filter(|_| self.origins);
        self.line(&format!("{comment}{} = {value}", key.name), origin);
    }

    /// Adds a list, with the origin of its first value; nothing if it is empty.
    pub fn list(&mut self, name: &str, values: &[(String, &Origin)]) {
        if let Some((_, first)) = values.first() {
            let items: Vec<_> = values.iter().map(|(value, _)| value.as_str()).collect();
            self.line(
                &format!("{name} = [{}]", items.join(", ")),
                Some(&first.to_string()),
            );
        }
    }
}

/// Texts in quotes, as a list of HCL.
pub fn quoted_list(texts: &[String]) -> String {
    let items: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", items.join(", "))
}

/// A text in quotes, as HCL that reads back as the same text.
pub fn quoted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push('"');
    let mut before = ' ';
    for letter in text.chars() {
        match letter {
            '"' => shown.push_str("\\\""),
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            // Unescaped, it would begin an interpolation, which HCL takes verbatim.
            '{' if before == '$' => shown.push_str("\\x7b"),
            _ if letter.is_control() => {
                let _ = write!(shown, "\\U{:08x}", u32::from(letter));
            }
            _ => shown.push(letter),
        }
        before = letter;
    }
    shown.push('"');
    shown
}
