//! How YAML is read, as far as it takes to know what a value stands in.
//!
//! Where a node begins, a value can be written between double quotes; between quotes it can be escaped; a line of a
//! block (`|`, `>`) takes whatever is no line break. Within a plain word nothing can be quoted.

use super::json::escaped;
use super::mark::Kind;
use super::{ESCAPED, Grammar, PART, UNWRITABLE, Unfit, control, odd};

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
    /// Where a node may begin.
    Start,
    /// Behind a `-` or a `?` that a blank may make an entry of.
    Dash,
    Plain,
    /// Behind a `:` that a blank may make the end of a key.
    Colon,
    /// In a tag or an anchor.
    Property,
    Single,
    /// Behind a single quote, which another one makes a letter of.
    AfterSingle,
    Double,
    Comment,
    /// In the line that opens a block.
    Header,
    Block,
}

/// A reader of YAML.
#[derive(Debug)]
pub(super) struct Yaml {
    at: At,
    escaped: bool,
    /// How many lists and maps in brackets are open.
    flow: usize,
    /// In which column the line has come to.
    column: usize,
    /// Nothing but blanks was read of the line.
    fresh: bool,
    /// The column of the innermost entry that begins on this line.
    entry: usize,
    /// The column of the word that may turn out to be a key.
    word: usize,
    /// The column of the entry that the block belongs to.
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
    /// Something that is no blank comes on this line.
    fn arrive(&mut self) {
        if std::mem::take(&mut self.fresh) {
            if self.at == At::Block && self.column <= self.block {
                self.at = At::Start;
            }
            self.entry = self.column;
        }
    }

    /// A blank or the end of a line.
    fn part(&mut self) {
        match self.at {
            At::Dash | At::Property => self.at = At::Start,
            At::Colon => (self.at, self.entry) = (At::Start, self.word),
            At::AfterSingle => self.at = At::Plain,
            _ => {}
        }
    }

    fn line(&mut self) {
        self.part();
        match self.at {
            At::Header => (self.at, self.block) = (At::Block, self.entry),
            At::Single | At::Double | At::Block => {}
            _ => self.at = At::Start,
        }
        (self.column, self.fresh) = (0, true);
    }

    /// Where a node may begin.
    fn begin(&mut self, c: char) -> At {
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
            _ => self.within(c),
        }
    }

    /// Within a word, or behind it.
    fn within(&mut self, c: char) -> At {
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

    fn letter(&mut self, c: char) -> At {
        match self.at {
            At::Start => self.begin(c),
            At::Colon if self.flow > 0 && "\"'[{".contains(c) => {
                self.at = At::Start;
                self.begin(c)
            }
            At::AfterSingle if c == '\'' => At::Single,
            At::Dash | At::Plain | At::Colon | At::AfterSingle => self.within(c),
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
            '\n' => self.line(),
            ' ' | '\t' | '\r' => {
                self.part();
                self.column += 1;
            }
            _ => {
                self.arrive();
                self.escaped = self.at == At::Double && c == '\\';
                self.at = self.letter(c);
                self.column += 1;
            }
        }
        self.blank = matches!(c, ' ' | '\t' | '\n' | '\r');
    }

    fn place(&mut self, kind: Kind, value: &str, next: Option<char>) -> Result<String, Unfit> {
        let fresh = self.fresh;
        if !matches!(self.at, At::Single | At::Double) {
            self.arrive();
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
