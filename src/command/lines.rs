//! Cuts a stream of bytes into lines.
//!
//! in:  bytes, in pieces of any size
//! out: lines as text, without their end; what is not UTF-8 is replaced, what is too long is cut

/// A line is cut after this many bytes.
pub(super) const LONGEST: usize = 8 * 1024;
const CUT: &str = "… [cut]";

/// What has been read of the line that is not yet complete.
#[derive(Debug, Default)]
pub(super) struct Lines {
    begun: Vec<u8>,
    /// The line is longer than it may be: the rest of it is skipped.
    cut: bool,
}

impl Lines {
    /// Takes the next bytes, and gives each line they complete to `sink`.
    pub(super) fn take(&mut self, bytes: &[u8], mut sink: impl FnMut(&str)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (part, complete) = match piece.strip_suffix(b"\n") {
                Some(part) => (part, true),
                None => (piece, false),
            };
            let room = LONGEST - self.begun.len();
            self.cut |= part.len() > room;
            self.begun.extend_from_slice(&part[..room.min(part.len())]);
            if complete {
                self.give(&mut sink);
            }
        }
    }

    /// The stream has ended: gives the last line, if it was begun.
    pub(super) fn end(&mut self, mut sink: impl FnMut(&str)) {
        if !self.begun.is_empty() {
            self.give(&mut sink);
        }
    }

    fn give(&mut self, sink: &mut impl FnMut(&str)) {
        let line = self.begun.strip_suffix(b"\r").unwrap_or(&self.begun);
        let text = String::from_utf8_lossy(line);
        if self.cut {
            sink(&format!("{text}{CUT}"));
        } else {
            sink(&text);
        }
        self.begun.clear();
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
            lines.take(piece, |line| found.push(line.to_owned()));
        }
        lines.end(|line| found.push(line.to_owned()));
        found
    }

    #[test]
    fn lines_come_without_their_ends_and_the_last_needs_none() {
        assert_eq!(cut(&[b"a\n\nb\r\nc"]), ["a", "", "b", "c"]);
        assert_eq!(cut(&[b"a", b"b\n", b""]), ["ab"]);
        assert_eq!(cut(&[]), [""; 0]);
    }

    #[test]
    fn what_is_not_utf8_is_replaced() {
        assert_eq!(cut(&[b"a\xffb\n"]), ["a\u{fffd}b"]);
        assert_eq!(
            cut(&["€".as_bytes().split_at(1).0, &"€".as_bytes()[1..], b"\n"]),
            ["€"],
            "split within a character"
        );
    }

    #[test]
    fn a_line_without_end_does_not_grow_without_end() {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for _ in 0..100 {
            lines.take(&[b'x'; LONGEST], |line| found.push(line.to_owned()));
        }
        assert!(lines.begun.len() <= LONGEST);
        lines.take(b"\nnext\n", |line| found.push(line.to_owned()));
        assert_eq!(
            found,
            [format!("{}{CUT}", "x".repeat(LONGEST)), "next".to_owned()]
        );
        assert_eq!(
            cut(&[&[b'x'; LONGEST], b"\n"]),
            ["x".repeat(LONGEST)],
            "the longest that is not cut"
        );
    }

    proptest! {
        #[test]
        fn how_the_bytes_are_split_makes_no_difference(
            text in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'a'), any::<u8>()], 0..200),
            at in prop::collection::vec(0..200usize, 0..5),
        ) {
            let (mut lines, mut found, mut rest) = (Lines::default(), Vec::new(), &text[..]);
            for at in at {
                let (piece, after) = rest.split_at(at.min(rest.len()));
                lines.take(piece, |line| found.push(line.to_owned()));
                rest = after;
            }
            lines.take(rest, |line| found.push(line.to_owned()));
            lines.end(|line| found.push(line.to_owned()));
            prop_assert_eq!(found, cut(&[&text]));
        }
    }
}
