//! A position in the text of a file.

/// The rest of a text, and its line.
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a str,
    /// From 1.
    pub(super) line: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            line: 1,
        }
    }

    /// Takes this many bytes, which end between two characters.
    pub(super) fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.bytes().filter(|byte| *byte == b'\n').count();
        self.rest = rest;
        taken
    }

    /// Takes characters while a condition holds.
    pub(super) fn take_while(&mut self, goes_on: impl Fn(char) -> bool) -> &'a str {
        self.take(
            self.rest
                .find(|letter| !goes_on(letter))
                .unwrap_or(self.rest.len()),
        )
    }
}
