//! The literals in an action: numbers, strings and character constants.

use super::{Lexer, Token, TokenKind};
use crate::quote::quoted;
use crate::unicode::is_name_part;

const DECIMAL: &str = "0123456789_";

impl<'s> Lexer<'s> {
    /// A token that looks like a number. The parser checks whether it is one.
    pub(super) fn number(&mut self) -> Token<'s> {
        if !self.scan_number() {
            return self.bad_number();
        }
        if !matches!(self.peek(), Some('+' | '-')) {
            return self.emit(TokenKind::Number);
        }
        let whole = self.scan_number();
        let read = self
            .source
            .get(self.start..self.position)
            .unwrap_or_default();
        if whole && read.ends_with('i') {
            self.emit(TokenKind::Complex)
        } else {
            self.bad_number()
        }
    }

    fn bad_number(&mut self) -> Token<'s> {
        let read = self
            .source
            .get(self.start..self.position)
            .unwrap_or_default();
        self.error(format!("bad number syntax: {}", quoted(read.as_bytes())))
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = DECIMAL;
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_all(digits);
        if self.accept(".") {
            self.accept_all(digits);
        }
        let exponent = match digits.len() {
            11 => self.accept("eE"),
            23 => self.accept("pP"),
            _ => false,
        };
        if exponent {
            self.accept("+-");
            self.accept_all(DECIMAL);
        }
        self.accept("i");
        if self.peek().is_some_and(is_name_part) {
            self.advance();
            return false;
        }
        true
    }

    fn accept(&mut self, allowed: &str) -> bool {
        let accepted = self.peek().is_some_and(|char| allowed.contains(char));
        if accepted {
            self.advance();
        }
        accepted
    }

    fn accept_all(&mut self, allowed: &str) {
        while self.accept(allowed) {}
    }

    /// A string in double quotes, whose opening quote has been read.
    pub(super) fn quoted(&mut self) -> Token<'s> {
        if self.skip_to('"') {
            self.emit(TokenKind::String)
        } else {
            self.error("unterminated quoted string")
        }
    }

    /// A character constant, whose opening quote has been read.
    pub(super) fn char_constant(&mut self) -> Token<'s> {
        if self.skip_to('\'') {
            self.emit(TokenKind::CharConstant)
        } else {
            self.error("unterminated character constant")
        }
    }

    /// Skips to the end of the closing quote; returns `false` if the line ends first.
    fn skip_to(&mut self, quote: char) -> bool {
        loop {
            let mut next = self.advance();
            if next == Some('\\') {
                next = self.advance();
                if next.is_some_and(|char| char != '\n') {
                    continue;
                }
            }
            match next {
                None | Some('\n') => return false,
                Some(char) if char == quote => return true,
                Some(_) => {}
            }
        }
    }

    /// A string in back quotes, the first of which has been read.
    pub(super) fn raw_string(&mut self) -> Token<'s> {
        while let Some(char) = self.advance() {
            if char == '`' {
                return self.emit(TokenKind::RawString);
            }
        }
        self.error("unterminated raw quoted string")
    }
}
