//! The tokens of a template.

use std::borrow::Cow;

/// One token.
#[derive(Clone, Debug)]
pub(super) struct Token<'s> {
    /// What it is.
    pub(super) kind: TokenKind,
    /// Where it starts.
    pub(super) offset: usize,
    /// The line on which it starts, from 1 on.
    pub(super) line: usize,
    /// Its text; for an error, what is wrong.
    pub(super) text: Cow<'s, str>,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Error,
    Bool,
    /// Punctuation without a meaning of its own.
    Character,
    CharConstant,
    /// A comment, without its signs; only where comments are kept.
    Comment,
    Complex,
    Assign,
    Declare,
    End,
    Field,
    Identifier,
    LeftDelimiter,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Dot,
    Nil,
    Keyword(Keyword),
}

/// The words that are no functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

impl TokenKind {
    /// What a word is.
    pub(super) fn of_word(word: &str) -> Self {
        let keyword = match word {
            "true" | "false" => return Self::Bool,
            "nil" => return Self::Nil,
            "block" => Keyword::Block,
            "break" => Keyword::Break,
            "continue" => Keyword::Continue,
            "define" => Keyword::Define,
            "else" => Keyword::Else,
            "end" => Keyword::End,
            "if" => Keyword::If,
            "range" => Keyword::Range,
            "template" => Keyword::Template,
            "with" => Keyword::With,
            _ => return Self::Identifier,
        };
        Self::Keyword(keyword)
    }
}

impl Token<'_> {
    /// The token as error messages show it.
    pub(super) fn shown(&self) -> String {
        match self.kind {
            TokenKind::End => "EOF".to_owned(),
            TokenKind::Error => self.text.clone().into_owned(),
            TokenKind::Dot | TokenKind::Nil | TokenKind::Keyword(_) => format!("<{}>", self.text),
            _ if self.text.len() > 10 => {
                let head: String = self.text.chars().take(10).collect();
                format!("{}...", crate::quote::quoted(head.as_bytes()))
            }
            _ => crate::quote::quoted(self.text.as_bytes()),
        }
    }
}
