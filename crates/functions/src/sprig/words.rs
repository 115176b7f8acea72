//! Functions for upper and lower case, and for names of several words.

use minijinja::Value;

use super::{map, sprig};
use crate::args::text;
use crate::function::Function;
use crate::text::lower;
use crate::title::{one_title, upper};

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_upper", "sprig_upper"],
        "(text string) string",
        "The string in upper case.",
        |call| {
            map(call, "sprig_upper", |text| {
                text.chars().map(upper).collect()
            })
        },
    ),
    sprig(
        ["sprig_lower", "sprig_lower"],
        "(text string) string",
        "The string in lower case.",
        |call| {
            map(call, "sprig_lower", |text| {
                text.chars().map(lower).collect()
            })
        },
    ),
    sprig(
        ["sprig_title", "sprig_title"],
        "(text string) string",
        "The string with the first letter of each word in upper case.",
        |call| map(call, "sprig_title", title),
    ),
    sprig(
        ["sprig_untitle", "sprig_untitle"],
        "(text string) string",
        "The string with the first letter of each word in lower case.",
        |call| {
            map(call, "sprig_untitle", |text| {
                word_by_word(text, |c| if c.is_uppercase() { lower(c) } else { c })
            })
        },
    ),
    sprig(
        ["sprig_swapcase", "sprig_swapcase"],
        "(text string) string",
        "The string with upper and lower case swapped.",
        |call| map(call, "sprig_swapcase", swap_case),
    ),
    sprig(
        ["sprig_initials", "sprig_initials"],
        "(text string) string",
        "The first letters of the words.",
        |call| {
            map(call, "sprig_initials", |text| {
                text.split_whitespace()
                    .filter_map(|word| word.chars().next())
                    .collect()
            })
        },
    ),
    sprig(
        ["sprig_snakecase", "sprig_snakecase"],
        "(text string) string",
        "The string in snake case: FirstName becomes first_name.",
        |call| map(call, "sprig_snakecase", |text| in_lower_case(text, '_')),
    ),
    sprig(
        ["sprig_kebabcase", "sprig_kebabcase"],
        "(text string) string",
        "The string in kebab case: FirstName becomes first-name.",
        |call| map(call, "sprig_kebabcase", |text| in_lower_case(text, '-')),
    ),
    sprig(
        ["sprig_camelcase", "sprig_camelcase"],
        "(text string) string",
        "The string in camel case: http_server becomes HttpServer.",
        |call| map(call, "sprig_camelcase", camel_case),
    ),
    sprig(
        ["sprig_shuffle", "sprig_shuffle"],
        "(text string) string",
        "The letters in random order, a new one for each rendering.",
        |call| {
            let [only] = call.exactly("sprig_shuffle")?;
            let mut letters: Vec<char> = text(only)?.chars().collect();
            fastrand::shuffle(&mut letters);
            Ok(Value::from(letters.into_iter().collect::<String>()))
        },
    ),
];

/// Converts to title case. A word begins after a character that is not a letter, digit or
/// underscore.
fn title(text: &str) -> String {
    let mut before = ' ';
    let titled = |c: char| {
        // For non-ASCII characters, Go ends a word only at white space.
        let ended = if before.is_ascii() {
            !(before.is_ascii_alphanumeric() || before == '_')
        } else {
            before.is_whitespace()
        };
        before = c;
        if ended { one_title(c) } else { c }
    };
    text.chars().map(titled).collect()
}

/// Changes the first letter of each word; words are separated by white space.
fn word_by_word(text: &str, change: impl Fn(char) -> char) -> String {
    let mut begins = true;
    let changed = |c: char| {
        let first = std::mem::replace(&mut begins, c.is_whitespace());
        if first { change(c) } else { c }
    };
    text.chars().map(changed).collect()
}

fn swap_case(text: &str) -> String {
    let swapped = |c: char| match c {
        c if c.is_uppercase() => lower(c),
        c if c.is_lowercase() => upper(c),
        c => c,
    };
    text.chars().map(swapped).collect()
}

/// Returns `true` if a character separates the words of a name.
fn is_connector(c: char) -> bool {
    matches!(c, '-' | '_') || c.is_whitespace()
}

fn camel_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let start = text.find(|c| !is_connector(c)).unwrap_or(text.len());
    let (leading, mut rest) = text.split_at(start);
    out.push_str(leading);
    if rest.is_empty() {
        out.extend(leading.chars().next_back());
        return out;
    }
    while !rest.is_empty() {
        let end = rest.find(is_connector).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        capitalize(&mut out, word);
        let next = after.find(|c| !is_connector(c)).unwrap_or(after.len());
        let (connectors, following) = after.split_at(next);
        // The capital letter replaces one connector.
        let dropped = usize::from(!following.is_empty());
        let count = connectors.chars().count().saturating_sub(dropped);
        out.extend(connectors.chars().take(count));
        rest = following;
    }
    out
}

/// Writes a word with a capital letter. The other letters of a leading run of capitals become lower
/// case.
fn capitalize(out: &mut String, word: &str) {
    let mut in_capitals = false;
    for (index, c) in word.chars().enumerate() {
        if index == 0 {
            in_capitals = c.is_uppercase();
            out.push(upper(c));
        } else {
            in_capitals &= c.is_uppercase();
            out.push(if in_capitals { lower(c) } else { c });
        }
    }
}

/// The kind of a character, for splitting names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Upper,
    Letter,
    Digit,
    Connector,
    Punctuation,
    Other,
}

fn kind(c: char) -> Kind {
    match c {
        c if is_connector(c) => Kind::Connector,
        c if c.is_uppercase() => Kind::Upper,
        c if c.is_numeric() => Kind::Digit,
        c if c.is_alphabetic() => Kind::Letter,
        '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~' => Kind::Other,
        c if c.is_ascii_punctuation()
            || matches!(c, '‐'..='‧' | '‰'..='⁞' | '¡' | '§' | '«' | '¶' | '·' | '»' | '¿') =>
        {
            Kind::Punctuation
        }
        _ => Kind::Other,
    }
}

/// Converts a name to lower case, with a connector between its words.
fn in_lower_case(text: &str, connector: char) -> String {
    let kinds: Vec<(char, Kind)> = text.chars().map(|c| (c, kind(c))).collect();
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = kinds.as_slice();
    let mut after_word = false;
    while let Some((_, this)) = rest.first() {
        let length = match this {
            Kind::Connector => {
                out.push(connector);
                after_word = false;
                rest = &rest[1..];
                continue;
            }
            Kind::Punctuation => {
                // Next to other punctuation, `-` and `_` are not connectors.
                let marks = rest
                    .iter()
                    .take_while(|(c, kind)| *kind == Kind::Punctuation || matches!(c, '-' | '_'));
                let length = marks.map(|(c, _)| out.push(*c)).count();
                after_word = false;
                rest = &rest[length..];
                continue;
            }
            Kind::Upper | Kind::Letter | Kind::Digit | Kind::Other => word_length(rest),
        };
        if after_word {
            out.push(connector);
        }
        after_word = true;
        let (word, after) = rest.split_at(length);
        out.extend(word.iter().map(|(c, _)| lower(*c)));
        rest = after;
    }
    out
}

/// Returns the length of the leading run of characters of these kinds.
fn run(chars: &[(char, Kind)], kinds: &[Kind]) -> usize {
    chars
        .iter()
        .take_while(|(_, kind)| kinds.contains(kind))
        .count()
}

/// Returns the length of the word at the start.
fn word_length(chars: &[(char, Kind)]) -> usize {
    let kind_at = |at: usize| chars.get(at).map(|(_, kind)| *kind);
    if kind_at(0) == Some(Kind::Digit) {
        return run(chars, &[Kind::Digit, Kind::Letter]);
    }
    let capitals = run(chars, &[Kind::Upper]);
    let end = match capitals {
        // The last capital before a lower-case letter begins the next word: HTTP, Server.
        2.. if kind_at(capitals) == Some(Kind::Letter) => return capitals - 1,
        2.. => capitals,
        0 if kind_at(0) == Some(Kind::Other) => run(chars, &[Kind::Other]),
        _ => capitals + run(&chars[capitals..], &[Kind::Letter]),
    };
    // Digits belong to following lower-case letters, otherwise to the word before.
    let digits = run(&chars[end..], &[Kind::Digit]);
    if kind_at(end + digits) == Some(Kind::Letter) {
        end
    } else {
        end + digits
    }
}
