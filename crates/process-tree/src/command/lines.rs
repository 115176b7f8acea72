//! Splits a stream of bytes into lines.
//!
//! Input: bytes, in chunks of any size. Output: lines of text without line ends. Invalid UTF-8 is
//! replaced, and long lines are truncated.

/// The maximum length of a line in bytes; the rest is cut.
pub(super) const MAX_LINE_LEN: usize = 8 * 1024;
const CUT: &str = "… [cut]";

/// The current line, as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Lines {
    current: Vec<u8>,
    /// Whether the line is too long, so that its rest is skipped.
    cut: bool,
}

impl Lines {
    /// Adds bytes, and passes each completed line to `sink`.
    pub(super) fn push(&mut self, bytes: &[u8], mut sink: impl FnMut(&str)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (part, complete) = match piece.strip_suffix(b"\n") {
                Some(part) => (part, true),
                None => (piece, false),
            };
            let free = MAX_LINE_LEN - self.current.len();
            self.cut |= part.len() > free;
            self.current
                .extend_from_slice(&part[..free.min(part.len())]);
            if complete {
                self.emit(&mut sink);
            }
        }
    }

    /// Passes the last line to `sink`, if it has no line end.
    pub(super) fn finish(&mut self, mut sink: impl FnMut(&str)) {
        if !self.current.is_empty() {
            self.emit(&mut sink);
        }
    }

    fn emit(&mut self, sink: &mut impl FnMut(&str)) {
        let line = self.current.strip_suffix(b"\r").unwrap_or(&self.current);
        let text = String::from_utf8_lossy(line);
        if self.cut {
            sink(&format!("{text}{CUT}"));
        } else {
            sink(&text);
        }
        self.current.clear();
        self.cut = false;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, |line| found.push(line.to_owned()));
        }
        lines.finish(|line| found.push(line.to_owned()));
        found
    }

    #[test]
    fn lines_have_no_line_ends_and_the_last_needs_none() {
        assert_eq!(cut(&[b"a\n\nb\r\nc"]), ["a", "", "b", "c"]);
        assert_eq!(cut(&[b"a", b"b\n", b""]), ["ab"]);
        assert_eq!(cut(&[]), [""; 0]);
    }

    #[test]
    fn invalid_utf8_is_replaced() {
        assert_eq!(cut(&[b"a\xffb\n"]), ["a\u{fffd}b"]);
        assert_eq!(
            cut(&["€".as_bytes().split_at(1).0, &"€".as_bytes()[1..], b"\n"]),
            ["€"],
            "split within a character"
        );
    }

    #[test]
    fn a_long_line_is_cut_and_does_not_use_more_memory() {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for _ in 0..100 {
            lines.push(&[b'x'; MAX_LINE_LEN], |line| found.push(line.to_owned()));
        }
        assert!(lines.current.len() <= MAX_LINE_LEN);
        lines.push(b"\nnext\n", |line| found.push(line.to_owned()));
        assert_eq!(
            found,
            [
                format!("{}{CUT}", "x".repeat(MAX_LINE_LEN)),
                "next".to_owned()
            ]
        );
        assert_eq!(
            cut(&[&[b'x'; MAX_LINE_LEN], b"\n"]),
            ["x".repeat(MAX_LINE_LEN)],
            "the longest line that is not cut"
        );
    }

    proptest! {
        #[test]
        fn the_split_of_the_bytes_makes_no_difference(
            text in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..200),
            at in prop::collection::vec(0..200usize, 0..5),
        ) {
            let (mut lines, mut found, mut rest) = (Lines::default(), Vec::new(), &text[..]);
            for at in at {
                let (piece, after) = rest.split_at(at.min(rest.len()));
                lines.push(piece, |line| found.push(line.to_owned()));
                rest = after;
            }
            lines.push(rest, |line| found.push(line.to_owned()));
            lines.finish(|line| found.push(line.to_owned()));
            prop_assert_eq!(found, cut(&[&text]));
        }
    }
}
