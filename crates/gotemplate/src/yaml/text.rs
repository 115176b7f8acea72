//! The text of a YAML document while it is written: lines, and the styles of texts in it.

use std::fmt::Write as _;

use super::style::{Style, is_printable, style_of};

/// A line is broken at the first space after this column.
const WIDTH: usize = 80;

/// The text so far.
#[derive(Default)]
pub(super) struct Buffer {
    pub(super) out: String,
    /// The start of the last line.
    line: usize,
}

impl Buffer {
    /// Begins a line, unless the last line is still empty.
    pub(super) fn begin_line(&mut self, indent: usize) {
        if self.out.len() > self.line {
            self.break_line();
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn break_line(&mut self) {
        self.out.push('\n');
        self.line = self.out.len();
    }

    fn column(&self) -> usize {
        self.out
            .get(self.line..)
            .unwrap_or_default()
            .chars()
            .count()
    }

    /// Writes a text in the style that yaml.v2 chooses; `key` is for a key that shares a line with its value.
    pub(super) fn text(&mut self, text: &str, indent: usize, key: bool) {
        match style_of(text, key) {
            Style::Plain => self.folded(text, indent, key, false),
            Style::Single => {
                self.out.push('\'');
                self.folded(text, indent, key, true);
                self.out.push('\'');
            }
            Style::Double => self.double_quoted(text, indent, key),
            Style::Literal => self.literal(text, indent),
        }
    }

    /// Writes a text in which single spaces may become line breaks.
    fn folded(&mut self, text: &str, indent: usize, key: bool, quoted: bool) {
        let mut after_space = false;
        let mut rest = text.chars().peekable();
        let mut first = true;
        while let Some(c) = rest.next() {
            let inside = !quoted || (!first && rest.peek().is_some());
            let alone = !after_space && rest.peek() != Some(&' ');
            if c == ' ' && !key && alone && inside && self.column() > WIDTH {
                self.begin_line(indent);
            } else {
                self.out.push(c);
                if c == '\'' && quoted {
                    self.out.push(c);
                }
            }
            after_space = c == ' ';
            first = false;
        }
    }

    fn double_quoted(&mut self, text: &str, indent: usize, key: bool) {
        self.out.push('"');
        let mut after_space = false;
        let mut rest = text.chars().peekable();
        let mut first = true;
        while let Some(c) = rest.next() {
            if c == ' '
                && !key
                && !after_space
                && !first
                && rest.peek().is_some()
                && self.column() > WIDTH
            {
                self.begin_line(indent);
                if rest.peek() == Some(&' ') {
                    self.out.push('\\');
                }
                after_space = true;
            } else {
                self.escaped(c);
                after_space = c == ' ';
            }
            first = false;
        }
        self.out.push('"');
    }

    fn escaped(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0b' => 'v',
            '\x0c' => 'f',
            '\r' => 'r',
            '\x1b' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            c if is_printable(c) => return self.out.push(c),
            c => {
                let code = u32::from(c);
                // Writing to a String cannot fail.
                let _ = match code {
                    0..=0xff => write!(self.out, "\\x{code:02X}"),
                    0x100..=0xffff => write!(self.out, "\\u{code:04X}"),
                    _ => write!(self.out, "\\U{code:08X}"),
                };
                return;
            }
        };
        self.out.extend(['\\', short]);
    }

    /// Writes a literal block: `|`, an indentation indicator if the first line begins with a space, and a chomping
    /// indicator for the line breaks at the end.
    fn literal(&mut self, text: &str, indent: usize) {
        self.out.push('|');
        if text.starts_with([' ', '\n']) {
            self.out.push('2');
        }
        let body = text.strip_suffix('\n');
        match body {
            None => self.out.push('-'),
            Some(body) if body.is_empty() || body.ends_with('\n') => self.out.push('+'),
            Some(_) => {}
        }
        for line in body.unwrap_or(text).split('\n') {
            self.break_line();
            if !line.is_empty() {
                self.out.extend(std::iter::repeat_n(' ', indent));
                self.out.push_str(line);
            }
        }
        if body.is_some() {
            self.break_line();
        }
    }
}
