//! The names in an action: fields, variables, functions and keywords.

use super::{Lexer, Token, TokenKind, char_name};
use crate::unicode::is_name_part;

impl<'s> Lexer<'s> {
    pub(super) fn after_dot(&mut self) -> Token<'s> {
        if self.at_terminator() {
            return self.emit(TokenKind::Dot);
        }
        self.field_or_variable(TokenKind::Field)
    }

    pub(super) fn field_or_variable(&mut self, kind: TokenKind) -> Token<'s> {
        self.skip_name();
        if self.at_terminator() {
            self.emit(kind)
        } else {
            self.bad_character()
        }
    }

    pub(super) fn word(&mut self) -> Token<'s> {
        self.skip_name();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let word = self
            .source
            .get(self.start..self.position)
            .unwrap_or_default();
        self.emit(TokenKind::of_word(word))
    }

    fn skip_name(&mut self) {
        while self.peek().is_some_and(is_name_part) {
            self.advance();
        }
    }

    fn bad_character(&mut self) -> Token<'s> {
        let shown = self.peek().map_or_else(String::new, char_name);
        self.error(format!("bad character {shown}"))
    }

    /// Returns `true` if a name can end here.
    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | '(' | ')') => true,
            Some(_) => self.rest().starts_with(self.delimiters.right.as_str()),
        }
    }
}
