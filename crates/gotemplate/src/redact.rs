//! Redacts values in error messages: they may be secrets.
//!
//! Input: a message, and the source of the template. Output: the message, in which quoted texts and numbers are replaced
//! by `…` unless they occur in the source.

use minijinja::Value;
use minijinja::value::ValueKind;

/// The replacement for a value.
const PLACEHOLDER: char = '…';

/// Redacts the quoted texts that do not occur in the source.
pub fn quoted(message: &str, source: &str) -> String {
    redact_quoted(message, &|text| is_in_source(text, source))
}

/// Redacts the quoted texts that come from the arguments of a function and do not occur in the source. Texts that the
/// function itself quotes stay.
pub fn arguments(message: &str, source: &str, arguments: &[Value]) -> String {
    let mut texts = Vec::new();
    for argument in arguments {
        collect(argument, MAX_DEPTH, &mut texts);
    }
    if texts.iter().any(|text| text == message) {
        return words(message, source);
    }
    redact_quoted(message, &|quoted| {
        let is_part = |text: &String| {
            !text.is_empty() && (text.contains(quoted) || quoted.contains(text.as_str()))
        };
        is_in_source(quoted, source) || !texts.iter().any(is_part)
    })
}

/// Redacts the words of a message that is itself a value, unless they occur in the source.
fn words(message: &str, source: &str) -> String {
    let word = |word: &str| {
        if source.contains(word) {
            word.to_owned()
        } else {
            PLACEHOLDER.to_string()
        }
    };
    message.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The depth to which texts are collected from lists and maps.
const MAX_DEPTH: usize = 8;

fn collect(value: &Value, depth: usize, texts: &mut Vec<String>) {
    if let Some(text) = value.as_str() {
        // Unquoted and quoted.
        let quoted = format!("{text:?}");
        texts.extend([text.to_owned(), quoted[1..quoted.len() - 1].to_owned()]);
    } else if depth > 0 && matches!(value.kind(), ValueKind::Seq | ValueKind::Map) {
        for item in value.try_iter().into_iter().flatten() {
            if value.kind() == ValueKind::Map {
                value
                    .get_item(&item)
                    .iter()
                    .for_each(|entry| collect(entry, depth - 1, texts));
            }
            collect(&item, depth - 1, texts);
        }
    }
}

fn redact_quoted(message: &str, is_allowed: &dyn Fn(&str) -> bool) -> String {
    let message = redact_between(message, '"', is_allowed);
    let message = redact_between(&message, '\'', is_allowed);
    redact_between(&message, '`', is_allowed)
}

fn redact_between(message: &str, quote: char, is_allowed: &dyn Fn(&str) -> bool) -> String {
    let ranges = ranges(message, quote);
    // An unpaired quote may belong to a quoted text.
    let in_pairs = quote == '"' || quotes(message, quote) == 2 * ranges.len();
    if in_pairs
        && ranges
            .iter()
            .all(|(from, to)| is_allowed(&message[*from..*to]))
    {
        return message.to_owned();
    }
    // If quotes in a quoted text are not escaped, redact from the first to the last one.
    let (ranges, may_keep) = match (quote, ranges.first(), message.rfind(quote)) {
        ('"', ..) | (_, None, _) | (_, _, None) => (ranges, true),
        (_, Some((from, to)), Some(last)) => (vec![(*from, last.max(*to))], false),
    };
    let mut out = String::new();
    let mut done = 0;
    for (from, to) in ranges {
        let text = &message[from..to];
        out.push_str(&message[done..from]);
        if may_keep && is_allowed(text) {
            out.push_str(text);
        } else {
            out.push(PLACEHOLDER);
        }
        done = to;
    }
    out.push_str(&message[done..]);
    out
}

/// The number of quotes, without apostrophes as in "can't".
fn quotes(message: &str, quote: char) -> usize {
    message
        .match_indices(quote)
        .filter(|(at, _)| !is_apostrophe(message, *at, quote))
        .count()
}

fn is_apostrophe(message: &str, at: usize, quote: char) -> bool {
    let beside = [
        message[..at].chars().next_back(),
        message[at + quote.len_utf8()..].chars().next(),
    ];
    quote != '"'
        && beside
            .into_iter()
            .all(|c| c.is_some_and(char::is_alphanumeric))
}

/// The ranges of quoted texts without their quotes. An unclosed one ends at the end of the message.
fn ranges(message: &str, quote: char) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    let mut from = None;
    let mut escaped = false;
    for (at, c) in message.char_indices() {
        if c == quote && !escaped && !is_apostrophe(message, at, quote) {
            match from.take() {
                Some(start) => ranges.push((start, at)),
                None => from = Some(at + c.len_utf8()),
            }
        }
        escaped = c == '\\' && !escaped;
    }
    ranges.extend(from.map(|start| (start, message.len())));
    ranges
}

fn is_in_source(text: &str, source: &str) -> bool {
    source.contains(text) || source.contains(&text.replace("\\\"", "\"").replace("\\\\", "\\"))
}

/// Redacts the numbers that do not occur in the source.
pub fn numbers(message: &str, source: &str) -> String {
    let mut out = String::new();
    let mut rest = message;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let end = from
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(from.len());
        let (number, after) = from.split_at(end);
        out.push_str(before);
        // Keep the names of types, such as `float64`.
        if before.ends_with(char::is_alphabetic) || has_number(source, number) {
            out.push_str(number);
        } else {
            out.push(PLACEHOLDER);
        }
        rest = after;
    }
    out + rest
}

/// Returns `true` if a number occurs in a text, and not only as a part of a longer number.
fn has_number(text: &str, number: &str) -> bool {
    text.match_indices(number).any(|(at, _)| {
        let beside = [
            text[..at].chars().next_back(),
            text[at + number.len()..].chars().next(),
        ];
        !beside.into_iter().flatten().any(|c| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_source_are_not_redacted() {
        let source = "{{ service \"my web\" }}{{ x['it'] }}{{ index . 7 }}";
        let cases = [
            (
                r#"invalid format: "my web": cannot contain ' '"#,
                r#"invalid format: "my web": cannot contain ' '"#,
            ),
            (
                r#"invalid format: "secret": the name "web""#,
                r#"invalid format: "…": the name "web""#,
            ),
            (
                r#"invalid format: "a\"b": no"#,
                r#"invalid format: "…": no"#,
            ),
            ("can't give 'it' to 'you'", "can't give '…'"),
            ("unknown 'it's secret' here", "unknown '…' here"),
            ("unknown 'it' secret' here", "unknown '…' here"),
            ("unknown `it`", "unknown `it`"),
            ("unknown `se`cret`", "unknown `…`"),
            ("without an \"end", "without an \"…"),
            ("nothing", "nothing"),
        ];
        for (message, redacted) in cases {
            assert_eq!(quoted(message, source), redacted);
        }
    }

    #[test]
    fn texts_that_a_function_quotes_itself_are_not_redacted() {
        let given = [Value::from("my secret"), Value::from(vec!["other", "a\0b"])];
        let cases = [
            (r#"sort is "name" or "near""#, r#"sort is "name" or "near""#),
            (
                r#"no "secret" and no "other", but "web""#,
                r#"no "…" and no "…", but "web""#,
            ),
            (r#"no "my secret|any""#, r#"no "…""#),
            (r#"no "a\0b""#, r#"no "…""#),
            ("other", "…"),
            ("my secret", "my …"),
        ];
        for (message, redacted) in cases {
            assert_eq!(arguments(message, "{{ f x \"my web\" }}", &given), redacted);
        }
    }

    #[test]
    fn numbers_of_the_source_are_not_redacted() {
        let cases = [
            ("index out of range: 7", "index out of range: 7"),
            ("index out of range: 4711", "index out of range: …"),
            ("index out of range: 77", "index out of range: …"),
            ("type float64: [1 7]", "type float64: [… 7]"),
            ("none", "none"),
        ];
        for (message, redacted) in cases {
            assert_eq!(numbers(message, "{{ index . 7 }}"), redacted);
        }
    }
}
