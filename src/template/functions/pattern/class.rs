//! Classes of characters and single escaped characters of Go's regular expressions.
//!
//! in:  what follows an opening bracket or a backslash
//! out: the class in the crate's syntax, or a character, and what follows

use std::fmt::Write as _;

use regex::Regex;

use super::translate::{INVALID_ESCAPE, Wrong};

const INVALID_RANGE: Wrong = "invalid character class range";
const NO_CLOSING: Wrong = "missing closing ]";

const NAMES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// A class in brackets, the first of which has been read.
pub(super) fn bracketed(text: &str) -> Result<(String, &str), Wrong> {
    let mut class = "[".to_owned();
    let mut rest = text;
    if let Some(after) = rest.strip_prefix('^') {
        class.push('^');
        rest = after;
    }
    let mut first = true;
    loop {
        if rest.is_empty() {
            return Err(NO_CLOSING);
        }
        if let Some(after) = rest.strip_prefix(']').filter(|_| !first) {
            class.push(']');
            return Ok((class, after));
        }
        first = false;
        rest = member(rest, &mut class)?;
    }
}

/// A named class, an escaped one, a character or a range of them.
fn member<'p>(text: &'p str, class: &mut String) -> Result<&'p str, Wrong> {
    if let Some((name, after)) = text
        .strip_prefix("[:")
        .and_then(|named| named.split_once(":]"))
    {
        if !NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(INVALID_RANGE);
        }
        // Writing to a String cannot fail.
        let _ = write!(class, "[:{name}:]");
        return Ok(after);
    }
    if let Some(after) = text.strip_prefix('\\')
        && let Some((escaped, after)) = escaped(after)?
    {
        class.push_str(&escaped);
        return Ok(after);
    }
    let (low, mut rest) = plain_or_escaped(text)?;
    let mut high = low;
    if let Some(after) = rest
        .strip_prefix('-')
        .filter(|after| !after.is_empty() && !after.starts_with(']'))
    {
        (high, rest) = plain_or_escaped(after)?;
        if high < low {
            return Err(INVALID_RANGE);
        }
    }
    let _ = write!(
        class,
        r"\x{{{:x}}}-\x{{{:x}}}",
        u32::from(low),
        u32::from(high)
    );
    Ok(rest)
}

fn plain_or_escaped(text: &str) -> Result<(char, &str), Wrong> {
    let first = text.chars().next().ok_or(NO_CLOSING)?;
    let after = &text[first.len_utf8()..];
    if first == '\\' {
        character(after)
    } else {
        Ok((first, after))
    }
}

/// The class that an escape stands for, inside and outside of brackets.
pub(super) fn escaped(text: &str) -> Result<Option<(String, &str)>, Wrong> {
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
    Ok(Some((class.to_owned(), &text[1..])))
}

/// `\pN`, `\p{Greek}` or `\p{^Greek}`: a category or a script of Unicode.
fn property(negated: bool, text: &str) -> Result<(String, &str), Wrong> {
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
    known.map(|class| (class, after)).ok_or(INVALID_RANGE)
}

/// The one character that an escape stands for.
pub(super) fn character(text: &str) -> Result<(char, &str), Wrong> {
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
        // Without a second digit it would refer to a group.
        '1'..='7' if !after.starts_with(|c| matches!(c, '0'..='7')) => return Err(INVALID_ESCAPE),
        '0'..='7' => return octal(text),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
        _ => return Err(INVALID_ESCAPE),
    };
    Ok((simple, after))
}

fn octal(text: &str) -> Result<(char, &str), Wrong> {
    let length = text
        .bytes()
        .take(3)
        .take_while(|byte| matches!(byte, b'0'..=b'7'))
        .count();
    numbered(&text[..length], 8).map(|c| (c, &text[length..]))
}

/// `\x41` or `\x{10ffff}`, of which the first letter has been read.
fn hexadecimal(text: &str) -> Result<(char, &str), Wrong> {
    let (digits, after) = match text.strip_prefix('{') {
        Some(braced) => braced.split_once('}').ok_or(INVALID_ESCAPE)?,
        None => text.split_at_checked(2).ok_or(INVALID_ESCAPE)?,
    };
    numbered(digits, 16).map(|c| (c, after))
}

fn numbered(digits: &str, base: u32) -> Result<char, Wrong> {
    // A sign is not a digit, though the parser would take one.
    if !digits.starts_with(|c: char| c.is_digit(base)) {
        return Err(INVALID_ESCAPE);
    }
    u32::from_str_radix(digits, base)
        .ok()
        .and_then(char::from_u32)
        .ok_or(INVALID_ESCAPE)
}
