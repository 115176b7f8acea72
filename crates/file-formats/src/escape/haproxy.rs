//! Tracks the lexical context in a HAProxy configuration.
//!
//! A line is a keyword with arguments. Quotes may open and close anywhere in a word. In single
//! quotes all characters are literal; in double quotes all except backslash and `$`. If an argument
//! is a log format, a `%` begins an expression; only HAProxy knows which arguments are.

use super::grammar::{ESCAPED, Grammar, NAME, PART, UNWRITABLE, Unfit, control, odd};
use super::mark::Kind;

pub(super) fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "_-./:@+,=~*?&^<>[]".contains(c)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// At the start of a word.
    Between,
    Word,
    Quoted(char),
    Comment,
}

/// The state of the grammar.
#[derive(Debug)]
pub(super) struct Haproxy {
    at: At,
    escaped: bool,
    /// Whether no word has been read on this line.
    first: bool,
}

impl Default for Haproxy {
    fn default() -> Self {
        Self {
            at: At::Between,
            escaped: false,
            first: true,
        }
    }
}

impl Grammar for Haproxy {
    fn read(&mut self, c: char) {
        if c == '\n' {
            *self = Self::default();
            return;
        }
        if std::mem::take(&mut self.escaped) {
            return;
        }
        match (self.at, c) {
            (At::Comment, _) | (At::Between, ' ' | '\t' | '\r') => {}
            (At::Quoted('"'), '\\') => self.escaped = true,
            (At::Quoted(by), _) => self.at = if c == by { At::Word } else { self.at },
            (At::Word, ' ' | '\t' | '\r') => (self.at, self.first) = (At::Between, false),
            (_, '#') => self.at = At::Comment,
            (_, '"' | '\'') => self.at = At::Quoted(c),
            (_, _) => (self.at, self.escaped) = (At::Word, c == '\\'),
        }
    }

    fn place(&mut self, _: Kind, value: &str, next: Option<char>) -> Result<String, Unfit> {
        if let Some(c) = control(value) {
            return Err((c, UNWRITABLE));
        }
        if self.at == At::Comment {
            return Ok(value.to_owned());
        }
        if value.contains('%') {
            return Err(('%', "HAProxy may take what follows for an expression"));
        }
        let odd = odd(value, is_plain);
        let whole = next.is_none_or(|next| " \t\r\n".contains(next));
        match self.at {
            _ if self.escaped => Err((odd, ESCAPED)),
            At::Quoted('\'') if value.contains('\'') => {
                Err(('\'', "it stands between single quotes"))
            }
            At::Quoted('\'') => Ok(value.to_owned()),
            At::Quoted(_) => Ok(escaped(value)),
            At::Between if self.first => Err((odd, NAME)),
            At::Between if matches!(value, "{" | "}" | "!" | "||") => {
                Err((odd, "quotes do not change what it means"))
            }
            At::Between if whole && value.contains('\'') => Ok(format!("\"{}\"", escaped(value))),
            At::Between if whole => Ok(format!("'{value}'")),
            At::Between | At::Word | At::Comment => Err((odd, PART)),
        }
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('$', "\\$")
}
