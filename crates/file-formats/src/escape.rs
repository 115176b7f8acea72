//! Escapes values for the format of a file, so that they cannot inject syntax.
//!
//! Input: a text with marked values, and the format of the file. Output: the text with each value
//! quoted for its context, or the [`Refusal`] of the first value that cannot be quoted.
//!
//! Values of plain characters are written unchanged. Other values are marked while the template is
//! rendered. At the end, the text is parsed from the start as the program parses it. So the context
//! of each mark is known: a quoted string, a comment, part of a word, or a whole parameter.

use crate::format::Format;

mod grammar;
mod haproxy;
mod json;
pub mod mark;
mod nginx;
mod shell;
mod yaml;

use grammar::Grammar;
use mark::Piece;

/// The reason why a value cannot be written in its context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The number of the marked value; `None` if a filter cut the mark.
    pub number: Option<usize>,
    /// The value.
    pub text: String,
    /// The character and the reason. Nothing else of the value is shown.
    pub message: String,
}

/// Returns `true` if the value needs no escaping in any context.
#[must_use]
pub fn is_plain(format: Format, value: &str) -> bool {
    match format {
        Format::None => true,
        Format::Nginx => value.chars().all(nginx::is_plain),
        Format::Haproxy => value.chars().all(haproxy::is_plain),
        Format::Json => value.chars().all(json::is_plain),
        Format::Yaml => yaml::is_plain(value),
        Format::Shell => value.chars().all(shell::is_plain),
    }
}

/// Returns `true` if lists and maps can be written as whole JSON values.
#[must_use]
pub fn has_documents(format: Format) -> bool {
    matches!(format, Format::Json | Format::Yaml)
}

/// Escapes all marked values.
///
/// # Errors
/// The [`Refusal`] of the first value that cannot be written in its context.
pub fn settle(format: Format, text: String) -> Result<String, Refusal> {
    // Without a format, no value is marked.
    if format == Format::None || !mark::is_marked(&text) {
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
                    // Values never begin with a blank.
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

/// Returns the name of a character in an error message.
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

#[cfg(test)]
mod tests;
