//! Tracks the lexical context in YAML.
//!
//! At the start of a node, a value is written in double quotes. In quotes, it is escaped. A line of
//! a block scalar (`|`, `>`) accepts everything except a line break. In a plain scalar nothing can
//! be quoted.

use super::grammar::{ESCAPED, Grammar, PART, UNWRITABLE, Unfit, control, odd};
use super::json::escaped;
use super::mark::Kind;

fn is_plain_letter(c: char) -> bool {
    c.is_alphanumeric() || "_-./:@+=~".contains(c)
}

pub(super) fn is_plain(value: &str) -> bool {
    value.chars().all(is_plain_letter)
        && !value.ends_with(':')
        && !value.starts_with([':', '@'])
        && (value.is_empty() || value.contains(|c: char| !"-.=~".contains(c)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// At the start of a node.
    Start,
    /// After a `-` or `?`, which starts an entry if a blank follows.
    Dash,
    Plain,
    /// After a `:`, which ends a key if a blank follows.
    Colon,
    /// In a tag or an anchor.
    Property,
    Single,
    /// After a single quote, which is escaped if another one follows.
    AfterSingle,
    Double,
    Comment,
    /// In the header line of a block scalar.
    Header,
    Block,
}

/// The state of the grammar.
#[derive(Debug)]
pub(super) struct Yaml {
    at: At,
    escaped: bool,
    /// The number of open lists and maps in brackets.
    flow: usize,
    /// The current column.
    column: usize,
    /// Whether only blanks have been read on this line.
    fresh: bool,
    /// The column of the innermost entry that begins on this line.
    entry: usize,
    /// The column of the current word, which may turn out to be a key.
    word: usize,
    /// The column of the entry that contains the block scalar.
    block: usize,
    blank: bool,
}

impl Default for Yaml {
    fn default() -> Self {
        let (escaped, flow, column, fresh, entry, word, block, blank) =
            (false, 0, 0, true, 0, 0, 0, true);
        Self {
            at: At::Start,
            escaped,
            flow,
            column,
            fresh,
            entry,
            word,
            block,
            blank,
        }
    }
}

impl Yaml {
    /// Processes the first non-blank character of a line.
    fn begin_content(&mut self) {
        if std::mem::take(&mut self.fresh) {
            if self.at == At::Block && self.column <= self.block {
                self.at = At::Start;
            }
            self.entry = self.column;
        }
    }

    /// Processes a blank or the end of a line, which end a token.
    fn end_token(&mut self) {
        match self.at {
            At::Dash | At::Property => self.at = At::Start,
            At::Colon => (self.at, self.entry) = (At::Start, self.word),
            At::AfterSingle => self.at = At::Plain,
            _ => {}
        }
    }

    fn end_line(&mut self) {
        self.end_token();
        match self.at {
            At::Header => (self.at, self.block) = (At::Block, self.entry),
            At::Single | At::Double | At::Block => {}
            _ => self.at = At::Start,
        }
        (self.column, self.fresh) = (0, true);
    }

    /// Processes a character at the start of a node.
    fn begin_node(&mut self, c: char) -> At {
        self.word = self.column;
        match c {
            '-' | '?' if self.flow == 0 => {
                self.entry = self.column;
                At::Dash
            }
            '"' => At::Double,
            '\'' => At::Single,
            '#' if self.blank => At::Comment,
            '|' | '>' if self.flow == 0 => At::Header,
            '!' | '&' => At::Property,
            ':' => At::Colon,
            _ => self.continue_node(c),
        }
    }

    /// Processes a character in or after a word.
    fn continue_node(&mut self, c: char) -> At {
        match c {
            '[' | '{' if self.flow > 0 || self.at == At::Start => {
                self.flow += 1;
                At::Start
            }
            ']' | '}' if self.flow > 0 => {
                self.flow -= 1;
                At::Plain
            }
            ',' if self.flow > 0 => At::Start,
            ':' => At::Colon,
            '#' if self.blank => At::Comment,
            _ => At::Plain,
        }
    }

    fn next_state(&mut self, c: char) -> At {
        match self.at {
            At::Start => self.begin_node(c),
            At::Colon if self.flow > 0 && "\"'[{".contains(c) => {
                self.at = At::Start;
                self.begin_node(c)
            }
            At::AfterSingle if c == '\'' => At::Single,
            At::Dash | At::Plain | At::Colon | At::AfterSingle => self.continue_node(c),
            At::Single if c == '\'' => At::AfterSingle,
            At::Double if c == '"' => At::Plain,
            same => same,
        }
    }
}

impl Grammar for Yaml {
    fn read(&mut self, c: char) {
        if std::mem::take(&mut self.escaped) {
            self.column += 1;
            return;
        }
        match c {
            '\n' => self.end_line(),
            ' ' | '\t' | '\r' => {
                self.end_token();
                self.column += 1;
            }
            _ => {
                self.begin_content();
                self.escaped = self.at == At::Double && c == '\\';
                self.at = self.next_state(c);
                self.column += 1;
            }
        }
        self.blank = matches!(c, ' ' | '\t' | '\n' | '\r');
    }

    fn place(&mut self, kind: Kind, value: &str, next: Option<char>) -> Result<String, Unfit> {
        let fresh = self.fresh;
        if !matches!(self.at, At::Single | At::Double) {
            self.begin_content();
        }
        let odd = odd(value, is_plain_letter);
        let control = control(value);
        let flow = self.flow > 0;
        let whole = next.is_none_or(|c| " \t\r\n:".contains(c) || flow && ",]}".contains(c));
        match self.at {
            At::Double if self.escaped => Err((odd, ESCAPED)),
            At::Double => Ok(escaped(value)),
            At::Start if whole && kind == Kind::Document => Ok(value.to_owned()),
            At::Start if whole => Ok(format!("\"{}\"", escaped(value))),
            At::Single | At::Comment | At::Block if control.is_some() => {
                Err((control.unwrap_or(odd), UNWRITABLE))
            }
            At::Single => Ok(value.replace('\'', "''")),
            At::Block if fresh && value.starts_with([' ', '\t']) => {
                Err((odd, "it would change the indentation"))
            }
            At::Comment | At::Block => Ok(value.to_owned()),
            _ => Err((odd, PART)),
        }
    }
}
