//! Escapes values for the file that they are written into, so that a value is never more than a value.
//!
//! in:  a text in which the values that are not plain are marked, and the format of the file
//! out: the text with each of them quoted as its place asks for, or the [`Refusal`] of the first that cannot be
//!
//! A value of plain characters is written unchanged. Any other value is marked while the template is
//! rendered. At the end the text is read from its beginning, as the program reads it, so that at each mark it is known
//! whether the value stands between quotes, in a comment, in a word, or is a parameter of its own.

use super::function::Function;
use crate::config::resolved::Format;

mod haproxy;
mod json;
pub(super) mod mark;
mod nginx;
mod output;
mod shell;
mod yaml;

use mark::{Kind, Piece};
pub(super) use output::check;

/// The reason why a value cannot be written at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The number of the marked value; `None` if a filter cut the mark.
    pub(super) number: Option<usize>,
    /// The value.
    pub(super) text: String,
    /// The offending character and the reason; nothing else of the value is shown.
    pub(super) message: String,
}

/// A character of a value, and the reason why it cannot be written.
type Unfit = (char, &'static str);

/// The lexical rules by which a program reads a file.
trait Grammar {
    /// Reads the next character of the file.
    fn read(&mut self, c: char);

    /// Escapes a value for the current place; `next` is the character after it.
    fn place(&mut self, kind: Kind, value: &str, next: Option<char>) -> Result<String, Unfit>;
}

/// Returns `true` if a value needs no escape at any place.
pub(super) fn is_plain(format: Format, value: &str) -> bool {
    match format {
        Format::None => true,
        Format::Nginx => value.chars().all(nginx::is_plain),
        Format::Haproxy => value.chars().all(haproxy::is_plain),
        Format::Json => value.chars().all(json::is_plain),
        Format::Yaml => yaml::is_plain(value),
        Format::Shell => value.chars().all(shell::is_plain),
    }
}

/// Returns `true` if lists and maps are written as whole JSON values.
pub(super) fn has_documents(format: Format) -> bool {
    matches!(format, Format::Json | Format::Yaml)
}

/// The Go names of the functions that write JSON.
const JSON: [&str; 10] = [
    "toJSON",
    "toJSONPretty",
    "toUnescapedJSON",
    "toUnescapedJSONPretty",
    "sprig_toJson",
    "sprig_mustToJson",
    "sprig_toPrettyJson",
    "sprig_mustToPrettyJson",
    "sprig_toRawJson",
    "sprig_mustToRawJson",
];

/// Returns `true` if the result of a function is a whole document that needs no escape.
pub(super) fn makes_documents(format: Format, function: &Function) -> bool {
    match format {
        Format::Json => JSON.contains(&function.go),
        Format::Yaml => JSON.contains(&function.go) || function.go == "toYAML",
        Format::None | Format::Nginx | Format::Haproxy | Format::Shell => false,
    }
}

/// Returns `true` if a function only indents its text.
pub(super) fn only_indents(function: &Function) -> bool {
    matches!(function.go, "indent" | "sprig_indent" | "sprig_nindent")
}

/// Escapes every marked value for its place.
pub(super) fn settle(format: Format, text: String) -> Result<String, Refusal> {
    if !mark::is_marked(&text) {
        return Ok(text);
    }
    match format {
        Format::None => Ok(text),
        Format::Nginx => read(&mut nginx::Nginx::default(), &text),
        Format::Haproxy => read(&mut haproxy::Haproxy::default(), &text),
        Format::Json => read(&mut json::Json::default(), &text),
        Format::Yaml => read(&mut yaml::Yaml::default(), &text),
        Format::Shell => read(&mut shell::Shell::default(), &text),
    }
}

fn read(grammar: &mut dyn Grammar, text: &str) -> Result<String, Refusal> {
    let pieces = mark::pieces(text).map_err(|mark::Cut| Refusal {
        number: None,
        text: String::new(),
        message: "a value was cut after it was printed, in a macro or a block; cut it before it is printed".to_owned(),
    })?;
    let mut whole = String::with_capacity(text.len());
    let mut rest = pieces.iter();
    while let Some(piece) = rest.next() {
        let start = whole.len();
        match piece {
            Piece::Own(text) => whole.push_str(text),
            Piece::Value { number, kind, text } => {
                let next = match rest.as_slice().first() {
                    Some(Piece::Own(text)) => text.chars().next(),
                    // A value never begins with a blank.
                    Some(Piece::Value { .. }) => Some('x'),
                    None => None,
                };
                let placed = if text.contains('\0') {
                    Err(('\0', "no text file contains it"))
                } else {
                    grammar.place(*kind, text, next)
                };
                let placed = placed.map_err(|(letter, why)| Refusal {
                    number: Some(*number),
                    text: text.to_string(),
                    message: format!("with {} in it cannot be written here: {why}", shown(letter)),
                })?;
                whole.push_str(&placed);
            }
        }
        whole[start..].chars().for_each(|c| grammar.read(c));
    }
    Ok(whole)
}

/// The name of a character in an error message.
fn shown(letter: char) -> String {
    match letter {
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => "a line break".to_owned(),
        ' ' => "a blank".to_owned(),
        '\t' => "a tab".to_owned(),
        '"' => "a double quote".to_owned(),
        '\'' => "a single quote".to_owned(),
        '`' => "a backtick".to_owned(),
        letter if letter.is_ascii_graphic() => format!("\"{letter}\""),
        letter => format!("the character U+{:04X}", u32::from(letter)),
    }
}

/// The first character of a value that is not plain, or else its first character.
fn odd(value: &str, is_plain: impl Fn(char) -> bool) -> char {
    value
        .chars()
        .find(|c| !is_plain(*c))
        .or_else(|| value.chars().next())
        .unwrap_or(' ')
}

/// A line break or control character in a value, except tabs.
fn control(value: &str) -> Option<char> {
    value.chars().find(|c| {
        (c.is_control() && *c != '\t')
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
    })
}

/// A value is part of a word that could be quoted only as a whole.
const PART: &str = "it is only a part of a word, and could be quoted only as a whole";
/// A value stands where a directive or keyword begins.
const NAME: &str = "it stands where the name of a directive is expected";
/// A value follows a backslash.
const ESCAPED: &str = "it follows a backslash";
/// The format has no escape for a character.
const UNWRITABLE: &str = "the format has no way to write it";

#[cfg(test)]
mod tests;
