//! Translates Go's regular expressions into the syntax of the `regex` crate.
//!
//! Input: a pattern in Go's syntax. Output: the same pattern in the syntax of the crate.
//!
//! The two are nearly the same. The differences: in Go `\d`, `\w`, `\s` and `\b` are ASCII only, `\Q…\E` quotes, `\07`
//! is an octal number, `{,2}` are literal characters, classes have no set operations, the flags are `i`, `m`, `s` and `U`
//! and may precede a repetition. In the crate a repetition of a repetition needs a group.

use std::fmt::Write as _;

use super::class::{self, Class};
use super::error::{
    INVALID_COUNT, INVALID_NAME, INVALID_SYNTAX, MISSING_OPERAND, MISSING_PAREN, NESTED_REPETITION,
    NO_LOOKAROUND, SyntaxError, TOO_LARGE, TRAILING_BACKSLASH, UNEXPECTED_PAREN,
};
use super::replace::unique_name;

/// Go's limit for the count of a repetition.
const MAX_COUNT: usize = 1000;

/// Translates a pattern.
pub(super) fn translate(pattern: &str) -> Result<String, SyntaxError> {
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
        Err(MISSING_PAREN)
    }
}

#[derive(Default)]
struct Translation<'p> {
    rest: &'p str,
    out: String,
    /// The start offsets of the open groups in `out`.
    groups: Vec<usize>,
    /// The number of named groups so far.
    named: usize,
    /// The cost of the classes so far.
    class_cost: usize,
    operand: Option<Operand>,
    /// The last token was a repetition operator.
    repeated: bool,
}

/// The operand of a repetition operator, as a range of the translation. Flags may follow it.
#[derive(Clone, Copy)]
struct Operand {
    begin: usize,
    end: usize,
    repeated: bool,
}

impl<'p> Translation<'p> {
    fn step(&mut self) -> Result<(), SyntaxError> {
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
                let begin = self.groups.pop().ok_or(UNEXPECTED_PAREN)?;
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
                return self.class(&class, after);
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

    fn class(&mut self, class: &Class, after: &'p str) -> Result<(), SyntaxError> {
        self.class_cost += class.cost;
        if self.class_cost > class::MAX_COST {
            return Err(TOO_LARGE);
        }
        self.operand(&class.text);
        self.rest = after;
        Ok(())
    }

    fn literal(&mut self, literal: char) {
        self.operand(&regex::escape(literal.encode_utf8(&mut [0; 4])));
    }

    fn repetition(
        &mut self,
        written: &str,
        after: &'p str,
        was_repeated: bool,
    ) -> Result<(), SyntaxError> {
        let Operand {
            begin,
            mut end,
            repeated,
        } = self.operand.ok_or(MISSING_OPERAND)?;
        if was_repeated {
            return Err(NESTED_REPETITION);
        }
        if repeated {
            // Only flags are between the two operators.
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

    /// A group or flags. The text begins after the opening parenthesis.
    fn group(&mut self, after: &'p str) -> Result<(), SyntaxError> {
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
            return Err(NO_LOOKAROUND);
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
            let _ = write!(self.out, "(?P<{}>", unique_name(self.named, name));
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

    /// An escape. The text begins after the backslash.
    fn escape(&mut self, after: &'p str) -> Result<(), SyntaxError> {
        let mut chars = after.chars();
        match chars.next().ok_or(TRAILING_BACKSLASH)? {
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
                    return self.class(&class, after);
                }
                let (c, after) = class::character(after)?;
                self.literal(c);
                self.rest = after;
                return Ok(());
            }
        }
        self.rest = chars.as_str();
        Ok(())
    }
}

/// Every flag once: a repeated flag is ignored in Go and an error in the crate.
fn distinct(flags: &str) -> String {
    let mut seen = String::new();
    for c in flags.chars() {
        if !seen.contains(c) {
            seen.push(c);
        }
    }
    seen
}

/// `{2}`, `{2,}` or `{2,3}`, and the text after it. Anything else that begins with a brace is literal text.
fn count(text: &str) -> Result<Option<(&str, &str)>, SyntaxError> {
    let length = text[1..]
        .bytes()
        .take_while(|byte| matches!(byte, b'0'..=b'9' | b','));
    let end = 1 + length.count();
    if !text[end..].starts_with('}') {
        return Ok(None);
    }
    let inside = &text[1..end];
    let (min, max) = inside.split_once(',').unwrap_or((inside, inside));
    let number = |digits: &str| {
        let written = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty();
        // A number that does not fit is above the limit.
        (written && (digits.len() == 1 || !digits.starts_with('0')))
            .then(|| digits.parse().unwrap_or(usize::MAX))
    };
    let max = if max.is_empty() { Some(0) } else { number(max) };
    let (Some(min), Some(max)) = (number(min), max) else {
        return Ok(None);
    };
    let open_ended = inside.ends_with(',');
    if min > MAX_COUNT || max > MAX_COUNT || (!open_ended && max < min) {
        return Err(INVALID_COUNT);
    }
    Ok(Some((&text[..=end], &text[end + 1..])))
}
