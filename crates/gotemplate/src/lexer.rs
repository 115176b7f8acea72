//! Splits a template into tokens.
//!
//! Input: the source and the delimiters. Output: one [`Token`] per call. Spaces in an action are tokens too, because
//! `$x.y` and `$x .y` differ. An error token is the last one.

use std::borrow::Cow;

use crate::budget::Budget;
use crate::options::Delimiters;
use crate::token::{Token, TokenKind};
use crate::unicode::is_name_part;

mod literal;
mod name;
#[cfg(test)]
mod tests;

const COMMENT: (&str, &str) = ("/*", "*/");
/// The length of a trim marker: a minus and a space.
const TRIM_MARKER: usize = 2;

/// The source, and the position in it.
#[derive(Debug)]
pub(super) struct Lexer<'s> {
    source: &'s str,
    delimiters: &'s Delimiters,
    /// The offset of the next character.
    position: usize,
    /// The offset of the current token.
    start: usize,
    /// An offset and its line, from which lines are counted.
    known_line: (usize, usize),
    parens: usize,
    state: State,
    comments: Comments,
    budget: &'s Budget,
}

/// What happens to comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comments {
    /// They are skipped.
    Skip,
    /// They are tokens.
    Keep,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Text,
    LeftDelimiter,
    Action,
}

fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\r' | '\n')
}

/// Returns `true` if the text after a left delimiter begins with the trim marker `- `.
fn trims_left(inside: &str) -> bool {
    let mut chars = inside.chars();
    chars.next() == Some('-') && chars.next().is_some_and(is_space)
}

/// Returns `true` if the rest begins with the trim marker ` -`.
fn trims_right(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next().is_some_and(is_space) && chars.next() == Some('-')
}

impl<'s> Lexer<'s> {
    /// Creates a lexer at the start of `source`.
    pub(super) fn new(
        source: &'s str,
        delimiters: &'s Delimiters,
        comments: Comments,
        budget: &'s Budget,
    ) -> Self {
        Self {
            source,
            delimiters,
            position: 0,
            start: 0,
            known_line: (0, 1),
            parens: 0,
            state: State::Text,
            comments,
            budget,
        }
    }

    /// The next token.
    pub(super) fn token(&mut self) -> Token<'s> {
        if let Err(exhausted) = self.budget.spend(1) {
            return self.error(exhausted.to_string());
        }
        loop {
            let token = match self.state {
                State::Text => self.text(),
                State::LeftDelimiter => self.left_delimiter(),
                State::Action => Some(self.action()),
            };
            if let Some(token) = token {
                return token;
            }
        }
    }

    fn rest(&self) -> &'s str {
        self.source.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn advance(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.position += char.len_utf8();
        Some(char)
    }

    /// The line of the current token.
    fn line(&mut self) -> usize {
        let (from, line) = self.known_line;
        let line = line
            + self
                .source
                .get(from..self.start)
                .unwrap_or_default()
                .matches('\n')
                .count();
        self.known_line = (self.start.max(from), line);
        line
    }

    fn emit(&mut self, kind: TokenKind) -> Token<'s> {
        let text = Cow::Borrowed(
            self.source
                .get(self.start..self.position)
                .unwrap_or_default(),
        );
        let token = Token {
            kind,
            offset: self.start,
            line: self.line(),
            text,
        };
        self.start = self.position;
        token
    }

    fn error(&mut self, message: impl Into<String>) -> Token<'s> {
        Token {
            kind: TokenKind::Error,
            offset: self.start,
            line: self.line(),
            text: Cow::Owned(message.into()),
        }
    }

    /// The text before the next action.
    fn text(&mut self) -> Option<Token<'s>> {
        let rest = self.rest();
        let Some(length) = rest.find(&self.delimiters.left) else {
            self.position = self.source.len();
            let kind = if rest.is_empty() {
                TokenKind::End
            } else {
                TokenKind::Text
            };
            return Some(self.emit(kind));
        };
        self.state = State::LeftDelimiter;
        let text = rest.get(..length).unwrap_or_default();
        let inside = rest
            .get(length + self.delimiters.left.len()..)
            .unwrap_or_default();
        let trimmed = if trims_left(inside) {
            text.trim_end_matches(is_space)
        } else {
            text
        };
        let end = self.position + length;
        self.position += trimmed.len();
        let token = (!trimmed.is_empty()).then(|| self.emit(TokenKind::Text));
        self.position = end;
        self.start = end;
        token
    }

    /// The left delimiter, or a comment.
    fn left_delimiter(&mut self) -> Option<Token<'s>> {
        self.position += self.delimiters.left.len();
        let marker = if trims_left(self.rest()) {
            TRIM_MARKER
        } else {
            0
        };
        let inside = self.rest().get(marker..).unwrap_or_default();
        if inside.starts_with(COMMENT.0) {
            self.position += marker;
            self.start = self.position;
            return self.comment();
        }
        let token = self.emit(TokenKind::LeftDelimiter);
        self.position += marker;
        self.start = self.position;
        self.parens = 0;
        self.state = State::Action;
        Some(token)
    }

    fn comment(&mut self) -> Option<Token<'s>> {
        let after_opening = self.rest().get(COMMENT.0.len()..).unwrap_or_default();
        let Some(length) = after_opening.find(COMMENT.1) else {
            return Some(self.error("unclosed comment"));
        };
        let inside = after_opening.get(..length).unwrap_or_default();
        let (offset, line) = (self.start, self.line());
        self.position += COMMENT.0.len() + length + COMMENT.1.len();
        let Some(trims) = self.at_right_delimiter() else {
            return Some(self.error("comment ends before closing delimiter"));
        };
        self.skip_right_delimiter(trims);
        self.skip_spaces_if(trims);
        let keep = self.comments == Comments::Keep;
        keep.then_some(Token {
            kind: TokenKind::Comment,
            offset,
            line,
            text: Cow::Borrowed(inside),
        })
    }

    /// `Some` at a right delimiter: whether it trims the spaces after it.
    fn at_right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        let right = &self.delimiters.right;
        if trims_right(rest)
            && rest
                .get(TRIM_MARKER..)
                .is_some_and(|rest| rest.starts_with(right.as_str()))
        {
            return Some(true);
        }
        rest.starts_with(right.as_str()).then_some(false)
    }

    fn skip_right_delimiter(&mut self, trims: bool) {
        if trims {
            self.position += TRIM_MARKER;
            self.start = self.position;
        }
        self.position += self.delimiters.right.len();
        self.state = State::Text;
    }

    fn skip_spaces_if(&mut self, trims: bool) {
        if trims {
            let rest = self.rest();
            self.position += rest.len() - rest.trim_start_matches(is_space).len();
        }
        self.start = self.position;
    }

    /// One token of an action.
    fn action(&mut self) -> Token<'s> {
        if let Some(trims) = self.at_right_delimiter() {
            return self.right_delimiter(trims);
        }
        let Some(char) = self.advance() else {
            return self.error("unclosed action");
        };
        match char {
            ' ' | '\t' | '\r' | '\n' => self.space(),
            '=' => self.emit(TokenKind::Assign),
            ':' if self.advance() == Some('=') => self.emit(TokenKind::Declare),
            ':' => self.error("expected :="),
            '|' => self.emit(TokenKind::Pipe),
            '"' => self.quoted(),
            '`' => self.raw_string(),
            '\'' => self.char_constant(),
            '$' => self.field_or_variable(TokenKind::Variable),
            '.' if self.peek().is_some_and(|next| !next.is_ascii_digit()) => self.after_dot(),
            '.' | '+' | '-' | '0'..='9' => {
                self.position = self.start;
                self.number()
            }
            '(' => {
                self.parens += 1;
                self.emit(TokenKind::LeftParen)
            }
            ')' if self.parens == 0 => self.error("unexpected right paren"),
            ')' => {
                self.parens -= 1;
                self.emit(TokenKind::RightParen)
            }
            _ if is_name_part(char) => self.word(),
            ' '..='~' => self.emit(TokenKind::Character),
            _ => self.error(format!(
                "unrecognized character in action: {}",
                char_name(char)
            )),
        }
    }

    fn right_delimiter(&mut self, trims: bool) -> Token<'s> {
        if self.parens > 0 {
            return self.error("unclosed left paren");
        }
        self.skip_right_delimiter(trims);
        let token = self.emit(TokenKind::RightDelimiter);
        self.skip_spaces_if(trims);
        token
    }

    /// Spaces. The last one may belong to a closing ` -}}`.
    fn space(&mut self) -> Token<'s> {
        let mut last = self.start;
        while self.peek().is_some_and(is_space) {
            last = self.position;
            self.advance();
        }
        let end = std::mem::replace(&mut self.position, last);
        if self.at_right_delimiter() == Some(true) {
            if last == self.start {
                return self.right_delimiter(true);
            }
        } else {
            self.position = end;
        }
        self.emit(TokenKind::Space)
    }
}

/// A character in an error message: `U+007D '}'`.
fn char_name(char: char) -> String {
    let code = format!("U+{:04X}", u32::from(char));
    if crate::unicode::is_printable(char) {
        format!("{code} '{char}'")
    } else {
        code
    }
}
