//! The tree into which every format is parsed: values, each with its line.
//!
//! A number keeps its spelling: `perms = 0640` and `perms = 640` are the same mode.

/// The maximum nesting of values; a configuration needs five.
pub(crate) const DEEPEST: usize = 32;

/// A value and its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The line, from 1; 0: unknown.
    pub line: usize,
    /// The value.
    pub value: Tree,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// As if the key were not there.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is spelled.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A block: its keys in the order of the file. A key may be there more than once.
    Block(Vec<Entry>),
    /// A block after a label, `"LABEL" { … }`, in HCL: the key of the entry is the label.
    Labelled(Box<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The line of the key.
    pub line: usize,
    /// The value.
    pub node: Node,
}

/// A syntax error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, from 1; 0: unknown.
    pub line: usize,
    /// The reason.
    pub reason: String,
}

impl Malformed {
    pub(crate) fn new(line: usize, reason: impl Into<String>) -> Self {
        Self {
            line,
            reason: reason.into(),
        }
    }

    pub(crate) fn too_deep(line: usize) -> Self {
        Self::new(line, format!("values are nested more than {DEEPEST} deep"))
    }
}

impl Node {
    /// Its kind, for errors; never its content.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Tree::Null => "nothing",
            Tree::Bool(_) => "true or false",
            Tree::Number(_) => "a number",
            Tree::Text(_) => "a text",
            Tree::List(_) => "a list",
            Tree::Block(_) => "a block",
            Tree::Labelled(_) => "a block with a label",
        }
    }
}

/// The whole number of a spelling: decimal, `0x`, `0o` or `0b`, and octal after a plain 0 as in HCL.
pub fn integer(spelling: &str) -> Option<i64> {
    let plain = spelling.replace('_', "");
    let (negative, digits) = match plain.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (digits, radix) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&digits[2..], 16),
        [b'0', b'o' | b'O', ..] => (&digits[2..], 8),
        [b'0', b'b' | b'B', ..] => (&digits[2..], 2),
        [b'0', _, ..] => (&digits[1..], 8),
        _ => (digits, 10),
    };
    if !digits.starts_with(|first: char| first.is_ascii_hexdigit()) {
        return None;
    }
    let number = i128::from(u64::from_str_radix(digits, radix).ok()?);
    i64::try_from(if negative { -number } else { number }).ok()
}

/// The number of a spelling.
pub fn float(spelling: &str) -> Option<f64> {
    match integer(spelling) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "nothing in a configuration is that large"
        )]
        Some(number) => Some(number as f64),
        None => spelling
            .replace('_', "")
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite()),
    }
}

/// The ends of the lines of a text.
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    /// Those of a text.
    pub(crate) fn of(text: &[u8]) -> Self {
        Self(
            text.iter()
                .enumerate()
                .filter(|(_, byte)| **byte == b'\n')
                .map(|(at, _)| at)
                .collect(),
        )
    }

    /// The line of a byte, from 1.
    pub(crate) fn line(&self, byte: usize) -> usize {
        1 + self.0.partition_point(|end| *end < byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_in_every_notation() {
        let cases = [
            ("0", Some(0)),
            ("00", Some(0)),
            ("12", Some(12)),
            ("-12", Some(-12)),
            ("+12", Some(12)),
            ("1_000", Some(1000)),
            ("0640", Some(0o640)),
            ("0o640", Some(0o640)),
            ("0x1F", Some(31)),
            ("0b11", Some(3)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("08", None),
            ("0x", None),
            ("0x-1", None),
            ("--1", None),
            ("1.0", None),
            ("", None),
            ("-", None),
        ];
        for (spelling, number) in cases {
            assert_eq!(integer(spelling), number, "{spelling}");
        }
        assert_eq!(float("0.9"), Some(0.9));
        assert_eq!(float("1e3"), Some(1000.0));
        assert_eq!(float("7"), Some(7.0));
        assert_eq!(float("1e999"), None);
        assert_eq!(float("nan"), None);
    }

    #[test]
    fn lines_are_counted_from_one() {
        let lines = Lines::of(b"a\nb");
        assert_eq!([0, 1, 2, 9].map(|byte| lines.line(byte)), [1, 1, 2, 2]);
    }
}
