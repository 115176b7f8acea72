//! A number of bytes: `1048576`, `10MB` or `10MiB`.

use std::str::FromStr;

use config_blocks::{
    Error, FromNode, Input, Node, Pattern, Position, Reason, Shape, Spelling, Tree, Value,
};

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteSize(pub u64);

/// A text that is not a number of bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a size; write bytes in digits only, or with a unit: 500kB, 10MB, 10MiB, 1GB")]
pub(crate) struct ByteSizeError;

/// The units, in lower case, and their bytes.
const UNITS: [(&str, u64); 8] = [
    ("", 1),
    ("b", 1),
    ("kb", 1000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
];

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, ByteSizeError> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| ByteSizeError)?;
        let unit = unit.trim_start().to_ascii_lowercase();
        let unit = UNITS.iter().find(|(name, _)| *name == unit);
        let bytes = unit.and_then(|(_, bytes)| number.checked_mul(*bytes));
        bytes.map(Self).ok_or(ByteSizeError)
    }
}

impl FromNode for ByteSize {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        match &node.value {
            Tree::Number(spelling) => {
                // A program that writes JSON may write 3 as 3.0.
                let whole = spelling.split_once('.');
                let whole = whole.filter(|(_, rest)| rest.bytes().all(|digit| digit == b'0'));
                position.parse(whole.map_or(spelling, |(whole, _)| whole))
            }
            Tree::Text(text) => position.parse(text),
            _ => Err(position.wrong_kind(node, "a size, for example \"10MB\"")),
        }
    }

    fn shape() -> Shape {
        let spelling = Spelling {
            name: "size",
            pattern: Pattern::Of(|| r"^\s*[0-9]+\s*(([kKmMgG][iI]?)?[bB])?\s*$".to_owned()),
            ..Spelling::default()
        };
        Shape {
            number: Some(config_blocks::Number::Natural),
            ..Shape::spelled(spelling)
        }
    }
}

impl Value for ByteSize {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        input.parse()
    }

    fn shown(&self) -> Option<String> {
        Some(self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_bytes_or_a_unit() {
        for (text, bytes) in [
            ("0", 0),
            ("1048576", 1_048_576),
            ("500kB", 500_000),
            ("10MB", 10_000_000),
            (" 10 MiB ", 10 << 20),
            ("1gb", 1_000_000_000),
            ("7B", 7),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
    }

    #[test]
    fn another_text_is_an_error_with_the_forms() {
        for text in ["", "MB", "10M", "10 MBs", "-1", "1.5MB", "99999999999GB"] {
            let error = text.parse::<ByteSize>().expect_err(text).to_string();
            assert!(error.contains("10MB"), "{text}: {error}");
        }
    }
}
