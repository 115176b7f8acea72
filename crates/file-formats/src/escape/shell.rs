//! Tracks the lexical context in POSIX shell scripts and variable files.
//!
//! In single quotes all characters except the quote are literal. So outside of quotes, also within
//! a word, every value can be written in single quotes. After a backtick, a here-document, and some
//! uses of `$(` and `$'` the context is unknown; only plain values are written there.

use super::grammar::{ESCAPED, Grammar, Unfit, control, odd};
use super::mark::Kind;

const UNKNOWN: &str =
    "ctmpl does not follow the backtick, $(, $' or << before it, so it cannot tell how to quote it";

pub(super) fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "_-./:@%+,=".contains(c)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// At the start of a word.
    Between,
    Word,
    Single,
    Double,
    /// In `${…}` in double quotes.
    Braces,
    Comment,
    Unknown,
}

/// The state of the grammar.
#[derive(Debug)]
pub(super) struct Shell {
    at: At,
    escaped: bool,
    last: char,
}

impl Default for Shell {
    fn default() -> Self {
        Self {
            at: At::Between,
            escaped: false,
            last: '\n',
        }
    }
}

impl Shell {
    #[expect(
        clippy::match_same_arms,
        reason = "it is read from the top, state by state"
    )]
    fn next(&self, c: char) -> At {
        match (self.at, self.last, c) {
            (At::Unknown, ..) => At::Unknown,
            (At::Comment, _, '\n') => At::Between,
            (At::Comment, ..) => At::Comment,
            (At::Single, _, '\'') | (At::Double, _, '"') => At::Word,
            (At::Single, ..) => At::Single,
            (At::Double, _, '`') | (At::Double, '$', '(') => At::Unknown,
            (At::Double, '$', '{') => At::Braces,
            (At::Double, ..) => At::Double,
            (At::Braces, _, '}') => At::Double,
            (At::Braces, _, '"' | '\'' | '`' | '$') => At::Unknown,
            (At::Braces, ..) => At::Braces,
            (At::Between | At::Word, _, '`') | (_, '$', '\'') | (_, '<', '<') => At::Unknown,
            (_, _, '\'') => At::Single,
            (_, _, '"') => At::Double,
            (At::Between, _, '#') => At::Comment,
            (_, _, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>') => At::Between,
            _ => At::Word,
        }
    }
}

impl Grammar for Shell {
    fn read(&mut self, c: char) {
        if std::mem::take(&mut self.escaped) {
            self.last = ' ';
            return;
        }
        let outside = matches!(self.at, At::Between | At::Word);
        self.at = self.next(c);
        self.escaped = c == '\\' && (outside || matches!(self.at, At::Double | At::Braces));
        self.last = c;
    }

    fn place(&mut self, _: Kind, value: &str, _: Option<char>) -> Result<String, Unfit> {
        let odd = odd(value, is_plain);
        match self.at {
            At::Unknown | At::Braces => Err((odd, UNKNOWN)),
            At::Comment => match control(value) {
                Some(c) => Err((c, "it would end the comment")),
                None => Ok(value.to_owned()),
            },
            _ if self.escaped => Err((odd, ESCAPED)),
            At::Single => Ok(value.replace('\'', "'\\''")),
            // A quote here would change the meaning of the `$`.
            At::Word | At::Double if self.last == '$' => Err((odd, "it follows a $")),
            At::Double => Ok(in_double_quotes(value)),
            At::Between | At::Word => Ok(format!("'{}'", value.replace('\'', "'\\''"))),
        }
    }
}

fn in_double_quotes(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        if matches!(c, '\\' | '"' | '$' | '`') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}
