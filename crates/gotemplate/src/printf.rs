//! Go's `fmt`: prints values, plainly and with formats.
//!
//! in:  values, and a format
//! out: text, or that it would be too large. What is wrong with a format is said in the text itself: `%!d(string=x)`

use minijinja::Value;

use crate::go_value::{Shape, shape};

mod float;
mod format;
mod integer;
mod text;
mod value;

/// What can go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Go's message.
    Message(String),
    /// There would be more text than allowed.
    TooLarge,
    /// A value is nested deeper than can be printed.
    TooDeep,
}

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
    /// How long the buffer may become.
    most: usize,
    flags: Flags,
    trouble: Option<Trouble>,
}

impl Printer {
    /// A printer that appends to `out`, but not more than `room` bytes.
    pub(super) fn new(out: Vec<u8>, room: usize) -> Self {
        let most = out.len().saturating_add(room);
        Self {
            out,
            most,
            flags: Flags::default(),
            trouble: None,
        }
    }

    /// The text, and what went wrong.
    pub(super) fn finish(self) -> (Vec<u8>, Option<Trouble>) {
        (self.out, self.trouble)
    }

    /// One value as an action shows it: a record is shown without its `&`.
    pub(super) fn shown(&mut self, value: &Value) {
        match shape(value) {
            Shape::Record(record) => self.record(record, 'v', 0),
            _ => self.argument(value, 'v'),
        }
    }

    /// `print`: blanks only between values that are no strings.
    pub(super) fn print<'v>(&mut self, values: impl Iterator<Item = &'v Value>) {
        self.print_with(values, |printer, value| printer.argument(value, 'v'));
    }

    /// Like [`print`](Self::print), but records are shown without their `&`.
    pub(super) fn print_dereferenced<'v>(&mut self, values: impl Iterator<Item = &'v Value>) {
        self.print_with(values, Self::shown);
    }

    fn print_with<'v>(
        &mut self,
        values: impl Iterator<Item = &'v Value>,
        print: impl Fn(&mut Self, &Value),
    ) {
        // Nothing stands before the first value, just as if a string did.
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

    /// `println`: blanks between all values, and a line feed at the end.
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
        if self.trouble.is_some() {
            return;
        }
        if self.out.len().saturating_add(text.len()) > self.most {
            self.trouble = Some(Trouble::TooLarge);
            return;
        }
        self.out.extend_from_slice(text);
    }

    fn push_char(&mut self, char: char) {
        self.push(char.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Writes `text`, made as wide as asked for.
    fn pad(&mut self, text: &[u8]) {
        let Some(width) = self.flags.width.filter(|width| *width > 0) else {
            return self.push(text);
        };
        let missing = width.saturating_sub(characters(text));
        if !self.flags.minus {
            self.fill(missing);
        }
        self.push(text);
        if self.flags.minus {
            self.fill(missing);
        }
    }

    /// Writes `count` blanks, or zeros if they come on the left and are asked for.
    fn fill(&mut self, count: usize) {
        if self.trouble.is_some() || count == 0 {
            return;
        }
        let end = self.out.len().saturating_add(count);
        if end > self.most {
            self.trouble = Some(Trouble::TooLarge);
            return;
        }
        let zeros = self.flags.zero && !self.flags.minus;
        self.out.resize(end, if zeros { b'0' } else { b' ' });
    }

    /// Does something without the flag for zeros.
    fn without_zero(&mut self, action: impl FnOnce(&mut Self)) {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        action(self);
        self.flags.zero = zero;
    }
}

/// How many characters a text has; each byte that is not UTF-8 is one.
fn characters(text: &[u8]) -> usize {
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
