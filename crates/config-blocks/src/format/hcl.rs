//! Parses HCL, version 1: `key = value`, `block { … }`, `block = { … }`, `block "label" { … }`, comments, heredocs, lists.
//!
//! Input: a text. Output: a [`Node`], or the first line that is not HCL.
//!
//! The crates for Rust parse version 2, in which a leading zero is not octal, `<<EOF` interpolates, and several blocks
//! cannot be on one line.

mod comments;
mod cursor;
mod lexer;
mod text;

use std::borrow::Cow;

use crate::tree::{DEEPEST, Entry, Malformed, Node, Tree};
pub use comments::Comment;
pub(super) use comments::comments;
use lexer::{Lexer, Token};

/// Reads a text.
pub(super) fn parse(text: &str) -> Result<Node, Malformed> {
    let text = if text.contains("\r\n") {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    };
    let mut parser = Parser {
        lexer: Lexer::new(&text),
        next: (Token::End, 1),
    };
    parser.step()?;
    let entries = parser.entries(0)?;
    match &parser.next {
        (Token::End, _) => Ok(Node {
            line: 1,
            value: Tree::Block(entries),
        }),
        (token, line) => Err(Malformed::new(
            *line,
            format!("{} closes nothing", token.shown()),
        )),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    next: (Token, usize),
}

impl Parser<'_> {
    /// Advances to the next token, and returns the one before it.
    fn step(&mut self) -> Result<(Token, usize), Malformed> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    /// Entries up to a `}` or the end, which is left.
    fn entries(&mut self, depth: usize) -> Result<Vec<Entry>, Malformed> {
        let mut entries = Vec::new();
        loop {
            match &self.next.0 {
                Token::End | Token::Sign('}') => return Ok(entries),
                Token::Name(_) | Token::Text(_) => entries.push(self.entry(depth)?),
                token => {
                    return Err(Malformed::new(
                        self.next.1,
                        format!("a key is missing before {}", token.shown()),
                    ));
                }
            }
            if self.next.0 == Token::Sign(',') {
                self.step()?;
            }
        }
    }

    fn entry(&mut self, depth: usize) -> Result<Entry, Malformed> {
        let (Token::Name(key) | Token::Text(key), line) = self.step()? else {
            return Err(Malformed::new(self.next.1, "a key is missing"));
        };
        let node = match &self.next.0 {
            Token::Sign('=') => {
                self.step()?;
                self.value(&key, depth)?
            }
            Token::Sign('{') => self.value(&key, depth)?,
            Token::Name(_) | Token::Text(_) => self.labelled(&key, depth)?,
            token => {
                let what = format!(
                    "{key} needs a value, `{key} = …` or `{key} {{ … }}`, not {}",
                    token.shown()
                );
                return Err(Malformed::new(self.next.1, what));
            }
        };
        Ok(Entry { key, line, node })
    }

    /// A label and its block.
    fn labelled(&mut self, key: &str, depth: usize) -> Result<Node, Malformed> {
        let (token, line) = self.step()?;
        let (Token::Name(label) | Token::Text(label), Token::Sign('{')) = (token, &self.next.0)
        else {
            // Neither text is shown: it may be a secret.
            let what = format!("{key} needs `=` before its value, or `{{` after its label");
            return Err(Malformed::new(line, what));
        };
        let node = self.value(key, depth)?;
        let entry = Entry {
            key: label,
            line,
            node,
        };
        Ok(Node {
            line,
            value: Tree::Labelled(Box::new(entry)),
        })
    }

    fn value(&mut self, key: &str, depth: usize) -> Result<Node, Malformed> {
        let (token, line) = self.step()?;
        if depth == DEEPEST {
            return Err(Malformed::too_deep(line));
        }
        let value = match token {
            Token::Text(text) => Tree::Text(text),
            Token::Number(spelling) => Tree::Number(spelling),
            Token::Name(name) if name == "true" => Tree::Bool(true),
            Token::Name(name) if name == "false" => Tree::Bool(false),
            // It is not shown: it may be a secret.
            Token::Name(_) => {
                return Err(Malformed::new(
                    line,
                    format!("the value of {key} needs quotes"),
                ));
            }
            Token::Sign('{') => Tree::Block(self.block(key, line, depth)?),
            Token::Sign('[') => Tree::List(self.list(key, line, depth)?),
            token => {
                return Err(Malformed::new(
                    line,
                    format!("{key} has no value; there is {}", token.shown()),
                ));
            }
        };
        Ok(Node { line, value })
    }

    fn block(&mut self, key: &str, line: usize, depth: usize) -> Result<Vec<Entry>, Malformed> {
        let entries = self.entries(depth + 1)?;
        match self.step()?.0 {
            Token::Sign('}') => Ok(entries),
            _ => Err(Malformed::new(
                line,
                format!("the block {key} has no closing `}}`"),
            )),
        }
    }

    fn list(&mut self, key: &str, line: usize, depth: usize) -> Result<Vec<Node>, Malformed> {
        let mut items = Vec::new();
        loop {
            match &self.next.0 {
                Token::Sign(']') => {}
                Token::End => {
                    return Err(Malformed::new(
                        line,
                        format!("the list {key} has no closing `]`"),
                    ));
                }
                _ => items.push(self.value(key, depth + 1)?),
            }
            match self.step()? {
                (Token::Sign(','), _) => {}
                (Token::Sign(']'), _) => return Ok(items),
                (Token::End, _) => {
                    return Err(Malformed::new(
                        line,
                        format!("the list {key} has no closing `]`"),
                    ));
                }
                (token, line) => {
                    return Err(Malformed::new(
                        line,
                        format!("a comma is missing in {key} before {}", token.shown()),
                    ));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
