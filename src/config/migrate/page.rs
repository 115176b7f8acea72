//! The text of a configuration while it is written.
//!
//! in:  lines, and how far they are indented
//! out: the text

/// Lines so far.
#[derive(Default)]
pub(super) struct Page(pub(super) String);

impl Page {
    /// A line; it comes after `lead`, which is blanks, or blanks and a dash.
    pub(super) fn line(&mut self, lead: &str, text: &str) {
        for part in [lead, text, "\n"] {
            self.0.push_str(part);
        }
    }

    /// Comments, each on a line of its own.
    pub(super) fn comments(&mut self, indent: &str, lines: &[String]) {
        for line in lines {
            self.line(indent, format!("# {line}").trim_end());
        }
    }

    /// An empty line between what belongs apart.
    pub(super) fn gap(&mut self) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
    }
}
