//! Go's syntax of regular expressions in that of the crate.
//!
//! in:  a pattern in Go's syntax
//! out: the same in the crate's, or what is wrong with it, without a piece of it: a pattern may be a secret
//!
//! The two are nearly the same. Where they differ: `\d`, `\w`, `\s` and `\b` know ASCII only in Go, `\Q…\E` quotes, `\07`
//! is an octal number, `{,2}` are plain characters, classes have no set operations, flags are `i`, `m`, `s` and `U`
//! alone and may stand before a repetition, and a repetition of a repetition needs brackets.

use std::fmt::Write as _;

use super::{class, replace};

/// What is wrong with a pattern, in Go's words.
pub(super) type Wrong = &'static str;

pub(super) const INVALID_ESCAPE: Wrong = "invalid escape sequence";
const NO_OPERAND: Wrong = "missing argument to repetition operator";
const NESTED_REPETITION: Wrong = "invalid nested repetition operator";
const INVALID_COUNT: Wrong = "invalid repeat count";
const INVALID_SYNTAX: Wrong = "invalid or unsupported Perl syntax";
const NO_LOOKING: Wrong =
    "invalid or unsupported Perl syntax: there is no look-ahead and no look-behind";
const INVALID_NAME: Wrong = "invalid named capture";
const NO_OPENING: Wrong = "unexpected )";
const NO_CLOSING: Wrong = "missing closing )";

/// Repeating more often than this is an error.
const MOST: usize = 1000;

/// The pattern in the crate's syntax.
pub(super) fn translated(pattern: &str) -> Result<String, Wrong> {
    let mut translation = Translation {
        rest: pattern,
        ..Translation::default()
    };
    while !translation.rest.is_empty() {
        translation.step()?;
    }
    if translation.groups.is_empty() {
        Ok(translation.out)
    } else {
        Err(NO_CLOSING)
    }
}

#[derive(Default)]
struct Translation<'p> {
    rest: &'p str,
    out: String,
    /// Where the groups begin that are open.
    groups: Vec<usize>,
    /// How many groups had a name.
    named: usize,
    operand: Option<Operand>,
    /// What was read last is a repetition.
    repeated: bool,
}

/// What a repetition would repeat: where it stands in the translation. Flags may have followed.
#[derive(Clone, Copy)]
struct Operand {
    begin: usize,
    end: usize,
    repeated: bool,
}

impl<'p> Translation<'p> {
    fn step(&mut self) -> Result<(), Wrong> {
        let Some(first) = self.rest.chars().next() else {
            return Ok(());
        };
        let after = &self.rest[first.len_utf8()..];
        let was_repeated = std::mem::take(&mut self.repeated);
        match first {
            '*' | '+' | '?' => return self.repetition(&self.rest[..1], after, was_repeated),
            '{' => {
                if let Some((written, after)) = count(self.rest)? {
                    return self.repetition(written, after, was_repeated);
                }
                self.operand(r"\{");
            }
            '(' => return self.group(after),
            ')' => {
                let begin = self.groups.pop().ok_or(NO_OPENING)?;
                self.out.push(')');
                self.operand = Some(Operand {
                    begin,
                    end: self.out.len(),
                    repeated: false,
                });
            }
            '|' => {
                self.out.push('|');
                self.operand = None;
            }
            '[' => {
                let (class, after) = class::bracketed(after)?;
                self.operand(&class);
                self.rest = after;
                return Ok(());
            }
            '\\' => return self.escape(after),
            '.' | '^' | '$' => self.operand(&self.rest[..1]),
            literal => self.literal(literal),
        }
        self.rest = after;
        Ok(())
    }

    fn operand(&mut self, written: &str) {
        let begin = self.out.len();
        self.out.push_str(written);
        self.operand = Some(Operand {
            begin,
            end: self.out.len(),
            repeated: false,
        });
    }

    fn literal(&mut self, literal: char) {
        self.operand(&regex::escape(literal.encode_utf8(&mut [0; 4])));
    }

    fn repetition(
        &mut self,
        written: &str,
        after: &'p str,
        was_repeated: bool,
    ) -> Result<(), Wrong> {
        let Operand {
            begin,
            mut end,
            repeated,
        } = self.operand.ok_or(NO_OPERAND)?;
        if was_repeated {
            return Err(NESTED_REPETITION);
        }
        if repeated {
            // Only flags lie between the two.
            self.out.insert(end, ')');
            self.out.insert_str(begin, "(?:");
            end += 4;
        }
        let lazy = after.strip_prefix('?');
        self.out
            .insert_str(end, if lazy.is_some() { "?" } else { "" });
        self.out.insert_str(end, written);
        let end = end + written.len() + usize::from(lazy.is_some());
        self.operand = Some(Operand {
            begin,
            end,
            repeated: true,
        });
        self.repeated = true;
        self.rest = lazy.unwrap_or(after);
        Ok(())
    }

    /// What an opening bracket begins, which has been read.
    fn group(&mut self, after: &'p str) -> Result<(), Wrong> {
        let begin = self.out.len();
        let Some(special) = after.strip_prefix('?') else {
            self.out.push('(');
            self.open(begin, after);
            return Ok(());
        };
        if ["=", "!", "<=", "<!"]
            .iter()
            .any(|look| special.starts_with(look))
        {
            return Err(NO_LOOKING);
        }
        if let Some(named) = special
            .strip_prefix("P<")
            .or_else(|| special.strip_prefix('<'))
        {
            let (name, after) = named.split_once('>').ok_or(INVALID_NAME)?;
            if name.is_empty()
                || !name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            {
                return Err(INVALID_NAME);
            }
            self.named += 1;
            // Writing to a String cannot fail, here and below.
            let _ = write!(self.out, "(?P<{}>", replace::inner(self.named, name));
            self.open(begin, after);
            return Ok(());
        }
        let end = special.find([':', ')']).ok_or(INVALID_SYNTAX)?;
        let (flags, after) = (&special[..end], &special[end + 1..]);
        let (_, off) = flags.split_once('-').unwrap_or((flags, "-"));
        if off.is_empty()
            || flags.matches('-').count() > 1
            || !flags.chars().all(|c| "imsU-".contains(c))
        {
            return Err(INVALID_SYNTAX);
        }
        let flags = distinct(flags);
        if special[end..].starts_with(':') {
            let _ = write!(self.out, "(?{flags}:");
            self.open(begin, after);
        } else {
            if !flags.is_empty() {
                let _ = write!(self.out, "(?{flags})");
            }
            self.rest = after;
        }
        Ok(())
    }

    fn open(&mut self, begin: usize, after: &'p str) {
        self.groups.push(begin);
        self.operand = None;
        self.rest = after;
    }

    /// What a backslash begins, which has been read.
    fn escape(&mut self, after: &'p str) -> Result<(), Wrong> {
        let mut chars = after.chars();
        match chars
            .next()
            .ok_or("trailing backslash at end of expression")?
        {
            'A' => self.operand(r"\A"),
            'z' => self.operand(r"\z"),
            'b' => self.operand(r"(?-u:\b)"),
            'B' => self.operand(r"(?-u:\B)"),
            'Q' => {
                let quoted = chars.as_str();
                let (literal, after) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
                literal.chars().for_each(|c| self.literal(c));
                self.rest = after;
                return Ok(());
            }
            _ => {
                if let Some((class, after)) = class::escaped(after)? {
                    self.operand(&class);
                    self.rest = after;
                } else {
                    let (c, after) = class::character(after)?;
                    self.literal(c);
                    self.rest = after;
                }
                return Ok(());
            }
        }
        self.rest = chars.as_str();
        Ok(())
    }
}

/// Every flag once; to set or clear one again means nothing in Go, and is an error for the crate.
fn distinct(flags: &str) -> String {
    let mut seen = String::new();
    for c in flags.chars() {
        if !seen.contains(c) {
            seen.push(c);
        }
    }
    seen
}

/// `{2}`, `{2,}` or `{2,3}`, and what follows. Anything else that begins like one is plain text.
fn count(text: &str) -> Result<Option<(&str, &str)>, Wrong> {
    let Some(end) = text.find('}') else {
        return Ok(None);
    };
    let inside = &text[1..end];
    let (least, most) = inside.split_once(',').unwrap_or((inside, inside));
    let number = |digits: &str| {
        let written = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty();
        // A number that is too large for its type is too large anyway.
        (written && (digits.len() == 1 || !digits.starts_with('0')))
            .then(|| digits.parse().unwrap_or(usize::MAX))
    };
    let (Some(least), Some(most)) = (
        number(least),
        if most.is_empty() {
            Some(0)
        } else {
            number(most)
        },
    ) else {
        return Ok(None);
    };
    let open_ended = inside.ends_with(',');
    if least > MOST || most > MOST || (!open_ended && most < least) {
        return Err(INVALID_COUNT);
    }
    Ok(Some((&text[..=end], &text[end + 1..])))
}
