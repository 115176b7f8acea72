//! Placeholders in a line of the shell.
//!
//! Input: the line. Output: the line with `"$@"` for `{staged}` and `"$CTMPL_TREE"` for `{tree}`, with the quotes that
//! the position needs: outside quotes, in double quotes, or in single quotes.

/// The placeholder for the staged files.
pub(super) const STAGED: &str = "{staged}";
/// The placeholder for the directory.
pub(super) const TREE: &str = "{tree}";

/// The placeholders in a command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// `{staged}`.
    pub staged: bool,
    /// `{staged}` is a part of a word of a shell line, and can only stand for one file.
    pub part_of_word: bool,
    /// `{tree}`.
    pub tree: bool,
}

/// A line of the shell whose placeholders cannot be replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShellError {
    /// A quote or a parenthesis without its end.
    #[error("the line has no closing `{0}`")]
    Unclosed(char),
    /// A placeholder in backticks, where quotes have other rules.
    #[error("a placeholder cannot be in backticks; write $(…) instead")]
    Backticks,
    /// A here-document.
    #[error(
        "a line with a placeholder cannot have a here-document; write a script, and pass it the placeholder"
    )]
    HereDocument,
}

/// A construct of the shell that is not closed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// `(` or `$(`.
    Parenthesis,
    /// `` ` ``
    Backtick,
    /// `"`
    Double,
    /// `${`; its quotes are those around it.
    Parameter,
}

impl Open {
    /// The character that closes it.
    fn end(self) -> char {
        match self {
            Self::Parenthesis => ')',
            Self::Backtick => '`',
            Self::Double => '"',
            Self::Parameter => '}',
        }
    }
}

/// Replaces the placeholders of a line. A backslash before a placeholder keeps it, and comments are not changed.
pub(super) fn replace(line: &str) -> Result<(String, Used), ShellError> {
    let mut reader = Reader {
        line,
        at: 0,
        open: Vec::new(),
        result: String::with_capacity(line.len() + 16),
        used: Used::default(),
        has_here_document: false,
    };
    while let Some(letter) = line[reader.at..].chars().next() {
        reader.step(letter)?;
    }
    let Reader {
        open,
        result,
        used,
        has_here_document,
        ..
    } = reader;
    if !(used.staged || used.tree) {
        return Ok((line.to_owned(), used));
    }
    match open.last() {
        _ if has_here_document => Err(ShellError::HereDocument),
        Some(open) => Err(ShellError::Unclosed(open.end())),
        None => Ok((result, used)),
    }
}

struct Reader<'a> {
    line: &'a str,
    at: usize,
    open: Vec<Open>,
    result: String,
    used: Used,
    has_here_document: bool,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.line[self.at..]
    }

    /// Copies the next bytes.
    fn copy(&mut self, length: usize) {
        self.result.push_str(&self.line[self.at..self.at + length]);
        self.at += length;
    }

    /// Returns `true` in double quotes, also in a `${…}` in them.
    fn is_quoted(&self) -> bool {
        let mut around = self.open.iter().rev();
        around.find(|open| **open != Open::Parameter) == Some(&Open::Double)
    }

    fn step(&mut self, letter: char) -> Result<(), ShellError> {
        let quoted = self.is_quoted();
        if let Some(placeholder) = placeholder(self.rest()) {
            return self.placeholder(
                placeholder,
                if quoted { Quotes::Double } else { Quotes::None },
            );
        }
        let rest = self.rest();
        match letter {
            '\\' => {
                let next = rest.chars().nth(1).map_or(0, char::len_utf8);
                self.copy(1 + next);
            }
            _ if self.open.last().is_some_and(|open| open.end() == letter) => {
                self.open.pop();
                self.copy(1);
            }
            '\'' if !quoted => return self.single_quoted(),
            '$' if rest.starts_with("$(") => self.begin(Open::Parenthesis),
            '$' if rest.starts_with("${") => self.begin(Open::Parameter),
            '#' if !quoted && self.is_start_of_word() => {
                self.copy(rest.find('\n').unwrap_or(rest.len()));
            }
            letter => {
                self.has_here_document |= !quoted && rest.starts_with("<<");
                self.open.extend(match letter {
                    '"' => Some(Open::Double),
                    '`' => Some(Open::Backtick),
                    '(' if !quoted => Some(Open::Parenthesis),
                    _ => None,
                });
                self.copy(letter.len_utf8());
            }
        }
        Ok(())
    }

    /// Copies the two characters that open a construct.
    fn begin(&mut self, open: Open) {
        self.open.push(open);
        self.copy(2);
    }

    fn is_start_of_word(&self) -> bool {
        let before = self.line[..self.at].chars().next_back();
        before.is_none_or(|before| before.is_whitespace() || ";&|()".contains(before))
    }

    /// Copies a text in single quotes.
    fn single_quoted(&mut self) -> Result<(), ShellError> {
        self.copy(1);
        loop {
            if let Some(placeholder) = placeholder(self.rest()) {
                self.placeholder(placeholder, Quotes::Single)?;
                continue;
            }
            let Some(letter) = self.rest().chars().next() else {
                return Err(if self.has_here_document {
                    ShellError::HereDocument
                } else {
                    ShellError::Unclosed('\'')
                });
            };
            self.copy(letter.len_utf8());
            if letter == '\'' {
                return Ok(());
            }
        }
    }

    /// Replaces a placeholder.
    fn placeholder(&mut self, placeholder: &str, quotes: Quotes) -> Result<(), ShellError> {
        if self.open.contains(&Open::Backtick) {
            return Err(ShellError::Backticks);
        }
        if placeholder == STAGED {
            self.used.staged = true;
            self.used.part_of_word |= !self.is_whole_word(quotes);
        } else {
            self.used.tree = true;
        }
        self.result.push_str(match (placeholder, quotes) {
            (STAGED, Quotes::None) => "\"$@\"",
            (STAGED, Quotes::Double) => "$@",
            (STAGED, Quotes::Single) => "'\"$@\"'",
            (_, Quotes::None) => "\"$CTMPL_TREE\"",
            (_, Quotes::Double) => "${CTMPL_TREE}",
            (_, Quotes::Single) => "'\"$CTMPL_TREE\"'",
        });
        self.at += placeholder.len();
        Ok(())
    }

    /// Returns `true` if the placeholder at this position is a whole word, with its quotes.
    fn is_whole_word(&self, quotes: Quotes) -> bool {
        let quote = match quotes {
            Quotes::None => "",
            Quotes::Double => "\"",
            Quotes::Single => "'",
        };
        let before = self.line[..self.at].strip_suffix(quote);
        let after = self.rest()[STAGED.len()..].strip_prefix(quote);
        let ends = |letter: Option<char>| {
            letter.is_none_or(|letter| letter.is_whitespace() || ";&|()<>".contains(letter))
        };
        match (before, after) {
            (Some(before), Some(after)) => {
                ends(before.chars().next_back()) && ends(after.chars().next())
            }
            _ => false,
        }
    }
}

/// The quotes around a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    None,
    Double,
    Single,
}

/// The placeholder with which a text begins.
fn placeholder(text: &str) -> Option<&'static str> {
    [STAGED, TREE]
        .into_iter()
        .find(|name| text.starts_with(name))
}
