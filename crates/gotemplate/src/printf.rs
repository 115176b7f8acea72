//! Go's `fmt`: prints values, with or without a format.
//!
//! Input: values, and a format. Output: the text, or an error if it is too long. As in Go, an invalid format is reported
//! in the text: `%!d(string=x)`.

use minijinja::Value;

use crate::builtin_error::BuiltinError;
use crate::go_value::{GoKind, go_kind};

mod float;
mod format;
mod integer;
mod text;
mod value;

/// The flags, width and precision of a verb.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the flags are independent of each other"
)]
struct Flags {
    width: Option<usize>,
    precision: Option<usize>,
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%+v`
    plus_v: bool,
    /// `%#v`
    sharp_v: bool,
}

/// Prints into a buffer.
#[derive(Debug)]
pub(super) struct Printer {
    out: Vec<u8>,
    /// The maximum length of the buffer.
    max_len: usize,
    flags: Flags,
    error: Option<BuiltinError>,
}

impl Printer {
    /// Creates a printer that appends at most `max_len` bytes to `out`.
    pub(super) fn new(out: Vec<u8>, max_len: usize) -> Self {
        let max_len = out.len().saturating_add(max_len);
        Self {
            out,
            max_len,
            flags: Flags::default(),
            error: None,
        }
    }

    /// The text, and the error if there is one.
    pub(super) fn finish(self) -> (Vec<u8>, Option<BuiltinError>) {
        (self.out, self.error)
    }

    /// Prints a value as an action does: a pointer to a record has no `&`.
    pub(super) fn print_action_value(&mut self, value: &Value) {
        match go_kind(value) {
            GoKind::Record(record) => self.record(record, 'v', 0),
            _ => self.argument(value, 'v'),
        }
    }

    /// `print`: a space between two values if neither is a string.
    pub(super) fn print<'v>(&mut self, values: impl Iterator<Item = &'v Value>) {
        self.print_with(values, |printer, value| printer.argument(value, 'v'));
    }

    /// Like [`print`](Self::print), but pointers to records have no `&`.
    pub(super) fn print_dereferenced<'v>(&mut self, values: impl Iterator<Item = &'v Value>) {
        self.print_with(values, Self::print_action_value);
    }

    fn print_with<'v>(
        &mut self,
        values: impl Iterator<Item = &'v Value>,
        print: impl Fn(&mut Self, &Value),
    ) {
        // There is no space before the first value.
        let mut after_text = true;
        for value in values {
            let is_text = value.as_bytes().is_some();
            if !is_text && !after_text {
                self.push(b" ");
            }
            print(self, value);
            after_text = is_text;
        }
    }

    /// `println`: spaces between all values, and a newline at the end.
    pub(super) fn println<'v>(&mut self, values: impl Iterator<Item = &'v Value>) {
        for (index, value) in values.enumerate() {
            if index > 0 {
                self.push(b" ");
            }
            self.argument(value, 'v');
        }
        self.push(b"\n");
    }

    fn push(&mut self, text: &[u8]) {
        if self.error.is_some() {
            return;
        }
        if self.out.len().saturating_add(text.len()) > self.max_len {
            self.error = Some(BuiltinError::TooLarge);
            return;
        }
        self.out.extend_from_slice(text);
    }

    fn push_char(&mut self, char: char) {
        self.push(char.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Writes `text`, padded to the width.
    fn pad(&mut self, text: &[u8]) {
        let Some(width) = self.flags.width.filter(|width| *width > 0) else {
            return self.push(text);
        };
        let missing = width.saturating_sub(count_chars(text));
        if !self.flags.minus {
            self.fill(missing);
        }
        self.push(text);
        if self.flags.minus {
            self.fill(missing);
        }
    }

    /// Writes `count` spaces; zeros with the flag `0`, unless the padding is on the right.
    fn fill(&mut self, count: usize) {
        if self.error.is_some() || count == 0 {
            return;
        }
        let end = self.out.len().saturating_add(count);
        if end > self.max_len {
            self.error = Some(BuiltinError::TooLarge);
            return;
        }
        let zeros = self.flags.zero && !self.flags.minus;
        self.out.resize(end, if zeros { b'0' } else { b' ' });
    }

    /// Runs `action` without the flag `0`.
    fn without_zero(&mut self, action: impl FnOnce(&mut Self)) {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        action(self);
        self.flags.zero = zero;
    }
}

/// The number of characters; each byte that is not UTF-8 counts as one.
fn count_chars(text: &[u8]) -> usize {
    match std::str::from_utf8(text) {
        Ok(text) => text.chars().count(),
        Err(_) => std::iter::successors(Some(text), |rest| {
            crate::unicode::decode(rest)
                .and_then(|(_, length)| rest.get(length..))
                .filter(|_| !rest.is_empty())
        })
        .filter(|rest| !rest.is_empty())
        .count(),
    }
}
