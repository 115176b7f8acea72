//! Regular expressions as Go writes them.
//!
//! in:  a pattern in Go's syntax (RE2)
//! out: a compiled expression that means the same; the last ones compiled are kept
//!
//! Both dialects are nearly the same. What differs is translated: `\d`, `\w`, `\s` and `\b` know ASCII only in Go, an
//! opening bracket inside a class is a plain character, and `\Q…\E` quotes.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Chars;
use std::sync::{Mutex, PoisonError};

use regex::{Regex, RegexBuilder};

use crate::template::function::FunctionError;

/// So many expressions are kept compiled; a template has a handful.
const KEPT: usize = 256;

static COMPILED: Mutex<Option<HashMap<String, Regex>>> = Mutex::new(None);

/// The expression, compiled.
pub(super) fn compiled(pattern: &str) -> Result<Regex, FunctionError> {
    let mut guard = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = guard.get_or_insert_default();
    if let Some(regex) = kept.get(pattern) {
        return Ok(regex.clone());
    }
    let built = RegexBuilder::new(&translated(pattern)).size_limit(4 << 20).build();
    let regex = built.map_err(|error| FunctionError::new(reason(&error)))?;
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(pattern.to_owned(), regex.clone());
    Ok(regex)
}

/// The last line of the crate's message says what is wrong; the lines before repeat the pattern.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    format!("error parsing regexp: {}", last.strip_prefix("error: ").unwrap_or(last))
}

fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    let mut class = Class::Outside;
    while let Some(c) = rest.next() {
        match (c, class) {
            ('\\', _) => escape(&mut out, &mut rest, class),
            ('[', Class::Outside) => {
                out.push('[');
                if rest.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                class = Class::Begins;
                continue;
            }
            ('[', _) if rest.peek() == Some(&':') => named_class(&mut out, &mut rest),
            ('[', _) => out.push_str("\\["),
            (']', Class::Begins) => out.push_str("\\]"),
            (']', Class::Inside) => {
                out.push(']');
                class = Class::Outside;
                continue;
            }
            ('&' | '~', Class::Begins | Class::Inside) => out.extend(['\\', c]),
            _ => out.push(c),
        }
        if class != Class::Outside {
            class = Class::Inside;
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Outside,
    /// Directly after the opening bracket, where a closing one is a plain character.
    Begins,
    Inside,
}

/// `[:alpha:]`, whose opening bracket has been read.
fn named_class(out: &mut String, rest: &mut Peekable<Chars<'_>>) {
    out.push('[');
    for c in rest.by_ref() {
        out.push(c);
        if c == ']' {
            break;
        }
    }
}

/// What a backslash begins.
fn escape(out: &mut String, rest: &mut Peekable<Chars<'_>>, class: Class) {
    match rest.next() {
        Some('d') => out.push_str("[0-9]"),
        Some('D') => out.push_str("[^0-9]"),
        Some('w') => out.push_str("[0-9A-Za-z_]"),
        Some('W') => out.push_str("[^0-9A-Za-z_]"),
        Some('s') => out.push_str(r"[\t\n\f\r ]"),
        Some('S') => out.push_str(r"[^\t\n\f\r ]"),
        Some('b') if class == Class::Outside => out.push_str(r"(?-u:\b)"),
        Some('Q') if class == Class::Outside => {
            let quoted: String = rest.by_ref().collect();
            let (literal, after) = quoted.split_once(r"\E").unwrap_or((&quoted, ""));
            out.push_str(&regex::escape(literal));
            out.push_str(&translated(after));
        }
        Some(c) => out.extend(['\\', c]),
        None => out.push('\\'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        let cases = [
            (r"^\d+$", "12", true),
            (r"^\d+$", "٣", false),
            (r"^\w+$", "é", false),
            (r"^[\w.-]+$", "a.b-c", true),
            (r"^[[]$", "[", true),
            (r"^[]a]+$", "a]", true),
            (r"^[^]a]$", "b", true),
            (r"^[[:alpha:]\d]+$", "a1", true),
            (r"\bweb\b", "a web b", true),
            (r"^\Qa.b\E+$", "a.bb", true),
            (r"^\Qa.b\E$", "axb", false),
            (r"^[a&&b]+$", "&", true),
            (r"(?i)^WEB$", "web", true),
            (r"a\sb", "a\u{a0}b", false),
        ];
        assert!(!cases.is_empty());
        for (pattern, text, matches) in cases {
            assert_eq!(compiled(pattern).unwrap().is_match(text), matches, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_bad_pattern_says_what_is_wrong() {
        insta::assert_snapshot!(compiled("a(b").unwrap_err(), @"error parsing regexp: unclosed group");
        insta::assert_snapshot!(compiled(r"(?=a)").unwrap_err(), @"error parsing regexp: look-around, including look-ahead and look-behind, is not supported");
    }
}
