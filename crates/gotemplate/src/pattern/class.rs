//! Character classes and escaped characters of Go's regular expressions.
//!
//! Input: the text after an opening bracket or a backslash. Output: the class in the syntax of the `regex` crate, or a
//! character, and the rest of the text.

use regex::Regex;

use super::error::{INVALID_ESCAPE, INVALID_RANGE, MISSING_BRACKET, SyntaxError, TOO_LARGE};

/// A class in the syntax of the `regex` crate, and what it costs to compile it.
pub(super) struct Class {
    pub(super) text: String,
    /// Each member costs 1, a Unicode class [`UNICODE_COST`].
    pub(super) cost: usize,
}

impl Class {
    fn push(&mut self, member: &str, cost: usize) -> Result<(), SyntaxError> {
        self.text.push_str(member);
        self.cost += cost;
        if self.cost > MAX_COST {
            Err(TOO_LARGE)
        } else {
            Ok(())
        }
    }
}

/// The cost of a Unicode class, which has hundreds of ranges.
const UNICODE_COST: usize = 50;

/// The limit for the cost of all classes of a pattern. The time to compile a class grows faster than its length.
pub(super) const MAX_COST: usize = 10_000;

const NAMES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// A class in brackets. The text begins after the opening bracket.
pub(super) fn bracketed(text: &str) -> Result<(Class, &str), SyntaxError> {
    let mut class = Class {
        text: "[".to_owned(),
        cost: 1,
    };
    let mut rest = text;
    if let Some(after) = rest.strip_prefix('^') {
        class.push("^", 0)?;
        rest = after;
    }
    let mut first = true;
    loop {
        if rest.is_empty() {
            return Err(MISSING_BRACKET);
        }
        if let Some(after) = rest.strip_prefix(']').filter(|_| !first) {
            class.push("]", 0)?;
            return Ok((class, after));
        }
        first = false;
        rest = member(rest, &mut class)?;
    }
}

/// A member of a bracketed class: a named class, an escaped one, a character or a range.
fn member<'p>(text: &'p str, class: &mut Class) -> Result<&'p str, SyntaxError> {
    if let Some((name, after)) = text
        .strip_prefix("[:")
        .and_then(|named| named.split_once(":]"))
    {
        if !NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(INVALID_RANGE);
        }
        class.push(&format!("[:{name}:]"), 1)?;
        return Ok(after);
    }
    if let Some(after) = text.strip_prefix('\\')
        && let Some((escaped, after)) = escaped(after)?
    {
        class.push(&escaped.text, escaped.cost)?;
        return Ok(after);
    }
    let (low, mut rest) = literal_or_escaped(text)?;
    let mut high = low;
    if let Some(after) = rest
        .strip_prefix('-')
        .filter(|after| !after.is_empty() && !after.starts_with(']'))
    {
        (high, rest) = literal_or_escaped(after)?;
        if high < low {
            return Err(INVALID_RANGE);
        }
    }
    let (low, high) = (u32::from(low), u32::from(high));
    class.push(&format!(r"\x{{{low:x}}}-\x{{{high:x}}}"), 1)?;
    Ok(rest)
}

fn literal_or_escaped(text: &str) -> Result<(char, &str), SyntaxError> {
    let first = text.chars().next().ok_or(MISSING_BRACKET)?;
    let after = &text[first.len_utf8()..];
    if first == '\\' {
        character(after)
    } else {
        Ok((first, after))
    }
}

/// The class of an escape such as `\d`; `None` if the escape is not a class.
pub(super) fn escaped(text: &str) -> Result<Option<(Class, &str)>, SyntaxError> {
    let Some(first) = text.chars().next() else {
        return Ok(None);
    };
    let class = match first {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        's' => r"[\t\n\f\r ]",
        'S' => r"[^\t\n\f\r ]",
        'p' | 'P' => return property(first == 'P', &text[1..]).map(Some),
        _ => return Ok(None),
    };
    let class = Class {
        text: class.to_owned(),
        cost: 1,
    };
    Ok(Some((class, &text[1..])))
}

/// `\pN`, `\p{Greek}` or `\p{^Greek}`: a Unicode category or script.
fn property(negated: bool, text: &str) -> Result<(Class, &str), SyntaxError> {
    let first = text.chars().next().ok_or(INVALID_RANGE)?;
    let (name, after) = match text.strip_prefix('{') {
        Some(braced) => braced.split_once('}').ok_or(INVALID_RANGE)?,
        None => text.split_at(first.len_utf8()),
    };
    let (name, negated) = name
        .strip_prefix('^')
        .map_or((name, negated), |name| (name, !negated));
    if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_- ".contains(&byte))
    {
        return Err(INVALID_RANGE);
    }
    let p = if negated { 'P' } else { 'p' };
    let classes = ["gc", "sc"].map(|kind| format!(r"\{p}{{{kind}={name}}}"));
    let known = classes.into_iter().find(|class| Regex::new(class).is_ok());
    let class = Class {
        text: known.ok_or(INVALID_RANGE)?,
        cost: UNICODE_COST,
    };
    Ok((class, after))
}

/// The character of an escape such as `\n`.
pub(super) fn character(text: &str) -> Result<(char, &str), SyntaxError> {
    let first = text.chars().next().ok_or(INVALID_ESCAPE)?;
    let after = &text[first.len_utf8()..];
    let simple = match first {
        'a' => '\x07',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        'x' => return hexadecimal(after),
        // A single digit other than 0 would be a back-reference.
        '1'..='7' if !after.starts_with(|c| matches!(c, '0'..='7')) => return Err(INVALID_ESCAPE),
        '0'..='7' => return octal(text),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
        _ => return Err(INVALID_ESCAPE),
    };
    Ok((simple, after))
}

fn octal(text: &str) -> Result<(char, &str), SyntaxError> {
    let length = text
        .bytes()
        .take(3)
        .take_while(|byte| matches!(byte, b'0'..=b'7'))
        .count();
    code_point(&text[..length], 8).map(|c| (c, &text[length..]))
}

/// `\x41` or `\x{10ffff}`. The text begins after the `x`.
fn hexadecimal(text: &str) -> Result<(char, &str), SyntaxError> {
    let (digits, after) = match text.strip_prefix('{') {
        Some(braced) => braced.split_once('}').ok_or(INVALID_ESCAPE)?,
        None => text.split_at_checked(2).ok_or(INVALID_ESCAPE)?,
    };
    code_point(digits, 16).map(|c| (c, after))
}

fn code_point(digits: &str, base: u32) -> Result<char, SyntaxError> {
    // The standard library accepts a sign, Go does not.
    if !digits.starts_with(|c: char| c.is_digit(base)) {
        return Err(INVALID_ESCAPE);
    }
    u32::from_str_radix(digits, base)
        .ok()
        .and_then(char::from_u32)
        .ok_or(INVALID_ESCAPE)
}
