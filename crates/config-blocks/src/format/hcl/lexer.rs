//! Splits HCL, version 1, into tokens.
//!
//! Input: a text without carriage returns before line ends. Output: [`Token`]s, each with its line.

use super::cursor::Cursor;
use super::text::{heredoc, quoted};
use crate::tree::{Malformed, float, integer};

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name without quotes; `true` and `false` too.
    Name(String),
    /// A text in quotes, or a heredoc.
    Text(String),
    /// A number, as it was spelled.
    Number(String),
    /// One of `{ } [ ] , =`.
    Sign(char),
    /// The end of the text.
    End,
}

impl Token {
    /// Its kind, for errors; never the content of a text.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Name(name) => format!("the name {name}"),
            Self::Text(_) => "a text in quotes".to_owned(),
            Self::Number(_) => "a number".to_owned(),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end of the file".to_owned(),
        }
    }
}

/// Takes tokens off the front of a text.
pub(super) struct Lexer<'a> {
    pub(super) cursor: Cursor<'a>,
    /// The comments before the last token, each with its line.
    pub(super) comments: Vec<(usize, &'a str)>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            cursor: Cursor::new(text),
            comments: Vec::new(),
        }
    }

    /// The next token, and the line on which it begins.
    pub(super) fn next(&mut self) -> Result<(Token, usize), Malformed> {
        self.skip()?;
        let line = self.cursor.line;
        let Some(first) = self.cursor.rest.chars().next() else {
            return Ok((Token::End, line));
        };
        let token = match first {
            '{' | '}' | '[' | ']' | ',' | '=' => {
                self.cursor.take(1);
                Token::Sign(first)
            }
            '"' => Token::Text(quoted(&mut self.cursor)?),
            '<' => Token::Text(heredoc(&mut self.cursor)?),
            '0'..='9' | '-' | '.' => Token::Number(self.number()?),
            _ if first.is_alphabetic() || first == '_' => {
                let goes_on =
                    |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
                Token::Name(self.cursor.take_while(goes_on).to_owned())
            }
            _ => {
                return Err(Malformed::new(
                    line,
                    format!("the character {first:?} is not valid here{}", hint(first)),
                ));
            }
        };
        Ok((token, line))
    }

    /// Blanks, line ends and comments.
    fn skip(&mut self) -> Result<(), Malformed> {
        self.comments.clear();
        loop {
            self.cursor
                .take_while(|letter| matches!(letter, ' ' | '\t' | '\r' | '\n'));
            let line = self.cursor.line;
            let comment = if self.cursor.rest.starts_with('#') || self.cursor.rest.starts_with("//")
            {
                self.cursor.take_while(|letter| letter != '\n')
            } else if self.cursor.rest.starts_with("/*") {
                let end = self.cursor.rest[2..]
                    .find("*/")
                    .ok_or_else(|| Malformed::new(line, "the comment has no end"))?;
                self.cursor.take(end + 4)
            } else {
                return Ok(());
            };
            self.comments.push((line, comment));
        }
    }

    fn number(&mut self) -> Result<String, Malformed> {
        let bytes = self.cursor.rest.as_bytes();
        let hexadecimal = bytes.starts_with(b"0x") || bytes.starts_with(b"0X");
        let goes_on = |at: usize| match bytes[at] {
            b'-' => at == 0 || (!hexadecimal && matches!(bytes[at - 1], b'e' | b'E')),
            b'+' => at > 0 && !hexadecimal && matches!(bytes[at - 1], b'e' | b'E'),
            byte => byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'),
        };
        let length = (0..bytes.len())
            .find(|at| !goes_on(*at))
            .unwrap_or(bytes.len());
        let spelling = self.cursor.take(length);
        let octal = spelling.len() > 1
            && spelling.bytes().all(|byte| byte.is_ascii_digit())
            && spelling.starts_with('0');
        let known = integer(spelling).is_some() || (!octal && float(spelling).is_some());
        if known && !spelling.contains('_') {
            return Ok(spelling.to_owned());
        }
        // It is not shown: it may be a secret.
        Err(Malformed::new(
            self.cursor.line,
            "this is not a valid number; texts and durations need quotes",
        ))
    }
}

/// A hint about a character that is not valid in HCL.
fn hint(character: char) -> &'static str {
    match character {
        ':' => "; HCL writes `key = value`, and a file in YAML is named .yaml",
        ';' => "; what follows goes on a line of its own",
        '\'' => "; texts are in double quotes",
        _ => "",
    }
}
