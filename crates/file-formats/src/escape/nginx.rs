//! Tracks the lexical context in an nginx configuration.
//!
//! Blanks separate words; `;`, `{` and `}` end a directive. A quote opens only at the start of a
//! word, and in quotes `\"` and `\\` are escapes. A `$` begins a variable in every context and
//! cannot be escaped.

use super::grammar::{ESCAPED, Grammar, NAME, PART, UNWRITABLE, Unfit, control, odd};
use super::mark::Kind;

pub(super) fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "_-./:@%+,=~*?&!^|<>[]".contains(c)
}

#[derive(Clone, Copy, Debug)]
enum At {
    /// At the start of a word.
    Between,
    Word {
        escaped: bool,
        /// Whether the last character was a `$`, after which `{` does not open a block.
        dollar: bool,
    },
    Quoted {
        by: char,
        escaped: bool,
    },
    /// After a closing quote.
    After,
    Comment,
}

/// The state of the grammar.
#[derive(Debug)]
pub(super) struct Nginx {
    at: At,
    /// Whether no word of the directive has been read.
    first: bool,
}

impl Default for Nginx {
    fn default() -> Self {
        Self {
            at: At::Between,
            first: true,
        }
    }
}

impl Nginx {
    fn ends(&mut self, directive: bool) {
        self.at = At::Between;
        self.first = directive;
    }
}

impl Grammar for Nginx {
    fn read(&mut self, c: char) {
        let blank = matches!(c, ' ' | '\t' | '\r' | '\n');
        match self.at {
            At::Comment if c == '\n' => self.at = At::Between,
            At::Between => match c {
                _ if blank => {}
                ';' | '{' | '}' => self.first = true,
                '#' => self.at = At::Comment,
                '"' | '\'' => {
                    self.at = At::Quoted {
                        by: c,
                        escaped: false,
                    }
                }
                _ => {
                    self.at = At::Word {
                        escaped: c == '\\',
                        dollar: c == '$',
                    }
                }
            },
            At::Word {
                escaped: true,
                dollar,
            } => {
                self.at = At::Word {
                    escaped: false,
                    dollar,
                }
            }
            At::Word { dollar: true, .. } if c == '{' => {}
            At::Word { .. } | At::After if blank => self.ends(false),
            At::Word { .. } | At::After if matches!(c, ';' | '{') => self.ends(true),
            At::Word { .. } => {
                self.at = At::Word {
                    escaped: c == '\\',
                    dollar: c == '$',
                }
            }
            At::After if c == ')' => self.ends(false),
            At::Comment | At::After => {}
            At::Quoted { by, escaped: true } => self.at = At::Quoted { by, escaped: false },
            At::Quoted { by, .. } if c == by => self.at = At::After,
            At::Quoted { by, .. } => {
                self.at = At::Quoted {
                    by,
                    escaped: c == '\\',
                }
            }
        }
    }

    fn place(&mut self, _: Kind, value: &str, next: Option<char>) -> Result<String, Unfit> {
        if let Some(c) = control(value) {
            return Err((c, UNWRITABLE));
        }
        if value.contains('$') && !matches!(self.at, At::Comment) {
            return Err(('$', "nginx would take what follows for a variable"));
        }
        let odd = odd(value, is_plain);
        let whole = next.is_none_or(|next| " \t\r\n;{)".contains(next));
        match self.at {
            At::Comment => Ok(value.to_owned()),
            At::Quoted { escaped: true, .. } => Err((odd, ESCAPED)),
            At::Quoted { by, .. } => Ok(escaped(value, by)),
            At::Between if self.first => Err((odd, NAME)),
            At::Between if whole => Ok(format!("\"{}\"", escaped(value, '"'))),
            At::Between | At::Word { .. } | At::After => Err((odd, PART)),
        }
    }
}

fn escaped(value: &str, quote: char) -> String {
    value
        .replace('\\', "\\\\")
        .replace(quote, &format!("\\{quote}"))
}
