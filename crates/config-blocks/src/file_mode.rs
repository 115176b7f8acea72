//! Modes of files: octal, with or without a leading zero and quotes: `0640`, `640`, `"640"`, `0o640`.
//!
//! Implausible modes are refused: they are decimal numbers by mistake. JSON has no octal numbers, and programs write a mode
//! into it in decimal digits: there, a number is decimal if only that reading is plausible.

use std::str::FromStr;

use crate::entries::{FromNode, Position};
use crate::error::{Error, Reason};
use crate::inputs::Input;
use crate::key::{Number, Pattern, Shape, Spelling};
use crate::tree::{Node, Tree};
use crate::value::Value;

/// The nine bits of a mode; 0 keeps the mode of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileMode(pub u32);

/// A text that is not a mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileModeError {
    /// No octal digits, or too many.
    #[error("{0:?} is not a mode; write octal digits, for example \"0640\"")]
    NotOctal(String),
    /// A mode that gives others more than the owner, or nothing to the owner.
    #[error(
        "the mode {0:04o} is not plausible: the owner can read a file, and others can do no more with it; \
         modes are octal, for example \"0640\""
    )]
    Implausible(u32),
    /// A mode in decimal digits, as programs write it into JSON.
    #[error(
        "{0} is the mode {1:04o} in decimal digits, and modes are octal here: write \"{1:04o}\""
    )]
    Decimal(String, u32),
    /// A number of JSON that is plausible in octal and in decimal digits.
    #[error(
        "{0} may be the mode {1:04o} in octal digits, or {2:04o} in decimal digits; write \"{1:04o}\" or \"{2:04o}\", in \
         quotes"
    )]
    Ambiguous(String, u32, u32),
}

impl FileMode {
    /// The bits of the mode; `None`: keep the mode of the file.
    #[must_use]
    pub fn bits(self) -> Option<u32> {
        Some(self.0).filter(|bits| *bits != 0)
    }

    /// A mode that is written as a number, without quotes.
    ///
    /// # Errors
    /// [`FileModeError`], with the octal spelling if it is clear.
    pub fn of_number(spelling: &str) -> Result<Self, FileModeError> {
        spelling.parse().map_err(|error| match decimal(spelling) {
            Some(Self(mode)) => FileModeError::Decimal(spelling.to_owned(), mode),
            None => error,
        })
    }

    /// A mode that is written as a number of JSON.
    ///
    /// # Errors
    /// [`FileModeError`], with both readings if both are plausible.
    pub fn of_json_number(spelling: &str) -> Result<Self, FileModeError> {
        match (spelling.parse(), decimal(spelling)) {
            (Ok(Self(octal)), Some(Self(decimal))) if octal != decimal => Err(
                FileModeError::Ambiguous(spelling.to_owned(), octal, decimal),
            ),
            (Err(_), Some(decimal)) => Ok(decimal),
            (octal, _) => octal,
        }
    }
}

/// The mode of a number in decimal digits, if it is plausible.
fn decimal(spelling: &str) -> Option<FileMode> {
    let number = spelling
        .parse::<u32>()
        .ok()
        .filter(|_| !spelling.starts_with('0'))?;
    format!("{number:o}").parse().ok()
}

impl FromStr for FileMode {
    type Err = FileModeError;

    fn from_str(text: &str) -> Result<Self, FileModeError> {
        let no_mode = || FileModeError::NotOctal(text.to_owned());
        let digits = text.strip_prefix("0o").unwrap_or(text);
        if !digits.starts_with(|first: char| first.is_digit(8)) {
            return Err(no_mode());
        }
        let mode = u32::from_str_radix(digits, 8).map_err(|_| no_mode())?;
        let [owner, group, other] = [6, 3, 0].map(|shift| mode >> shift & 0o7);
        let plausible =
            mode <= 0o777 && owner & 0o4 != 0 && group & !owner == 0 && other & !owner == 0;
        if mode == 0 || plausible {
            Ok(Self(mode))
        } else {
            Err(FileModeError::Implausible(mode))
        }
    }
}

impl FromNode for FileMode {
    fn from_node(node: &Node, position: Position<'_>) -> Result<Self, Error> {
        match &node.value {
            Tree::Number(spelling) => {
                let mode = if position.is_json() {
                    Self::of_json_number(spelling)
                } else {
                    Self::of_number(spelling)
                };
                mode.map_err(|error| position.refuse(error))
            }
            Tree::Text(text) => position.parse(text),
            _ => Err(position.wrong_kind(node, "a mode, for example \"0640\"")),
        }
    }

    fn shape() -> Shape {
        // Others may do no more than the owner.
        const MODES: &str = "0*(0|4[04]{2}|5[0145]{2}|6[0246]{2}|7[0-7]{2})";
        let spelling = Spelling {
            name: "mode",
            pattern: Pattern::Of(|| format!("^(0o)?{MODES}$")),
            ..Spelling::default()
        };
        Shape {
            number: Some(Number::Natural),
            ..Shape::spelled(spelling)
        }
    }
}

impl Value for FileMode {
    fn from_input(input: &Input) -> Result<Self, Reason> {
        input.parse()
    }

    fn shown(&self) -> Option<String> {
        Some(format!("{:04o}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal_however_they_are_written() {
        let cases = [
            ("0640", 0o640),
            ("640", 0o640),
            ("0o640", 0o640),
            ("00600", 0o600),
            ("444", 0o444),
            ("0", 0),
        ];
        for (text, mode) in cases {
            assert_eq!(text.parse(), Ok(FileMode(mode)), "{text}");
        }
    }

    #[test]
    fn the_error_for_a_decimal_mode_shows_the_octal_one() {
        for (text, mode) in [
            ("420", "\"0644\""),
            ("384", "\"0600\""),
            ("416", "\"0640\""),
            ("493", "\"0755\""),
        ] {
            let error = FileMode::of_number(text).expect_err(text).to_string();
            assert!(
                error.contains("in decimal digits") && error.ends_with(mode),
                "{error}"
            );
        }
        assert_eq!(FileMode::of_number("0640"), Ok(FileMode(0o640)));
        assert_eq!(FileMode::of_number("640"), Ok(FileMode(0o640)));
        for text in ["0416", "9999", "4755", "0.5"] {
            let error = FileMode::of_number(text).expect_err(text).to_string();
            assert!(!error.contains("decimal"), "{error}");
        }
    }

    #[test]
    fn a_number_of_json_is_decimal_if_only_that_is_plausible() {
        let cases = [
            ("384", 0o600),
            ("420", 0o644),
            ("416", 0o640),
            ("438", 0o666),
            ("493", 0o755),
            ("256", 0o400),
            ("448", 0o700),
            ("640", 0o640),
            ("644", 0o644),
            ("600", 0o600),
            ("755", 0o755),
            ("444", 0o444),
            ("0", 0),
        ];
        for (text, mode) in cases {
            assert_eq!(FileMode::of_json_number(text), Ok(FileMode(mode)), "{text}");
        }
        for (text, octal, decimal) in [
            ("400", "\"0400\"", "\"0620\""),
            ("500", "\"0500\"", "\"0764\""),
            ("511", "\"0511\"", "\"0777\""),
        ] {
            let error = FileMode::of_json_number(text).expect_err(text).to_string();
            assert!(error.contains(octal) && error.contains(decimal), "{error}");
        }
        for text in ["9999", "4755", "128", "0.5", "-384", "1e2"] {
            FileMode::of_json_number(text).expect_err(text);
        }
    }

    #[test]
    fn implausible_modes_are_refused() {
        // 416, 420, 432, 436: what 0640, 0644, 0660, 0664 are in decimal digits.
        for text in [
            "416", "420", "432", "436", "4755", "1200", "0200", "0066", "0007", "077",
        ] {
            let error = text.parse::<FileMode>().expect_err(text).to_string();
            assert!(
                error.contains("not plausible") && error.contains("octal"),
                "{error}"
            );
        }
        for text in [
            "",
            "384",
            "rw-r--r--",
            "0x1a0",
            "-640",
            "+640",
            "6 40",
            "99999999999",
            "0o",
        ] {
            let error = text.parse::<FileMode>().expect_err(text).to_string();
            assert!(error.contains("is not a mode"), "{error}");
        }
    }
}
