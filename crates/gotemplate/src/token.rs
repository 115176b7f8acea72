//! The tokens of a template.

use std::borrow::Cow;

/// One token.
#[derive(Clone, Debug)]
pub(super) struct Token<'s> {
    /// The kind.
    pub(super) kind: TokenKind,
    /// The byte offset in the source.
    pub(super) offset: usize,
    /// The line, counted from 1.
    pub(super) line: usize,
    /// The text; for an error, the message.
    pub(super) text: Cow<'s, str>,
}

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Error,
    Bool,
    /// Other punctuation, such as a comma.
    Character,
    CharConstant,
    /// The text of a comment; only if comments are kept.
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

/// The keywords of actions.
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
    /// The kind of a word: a keyword, a constant or an identifier.
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
    /// The token in an error message.
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
