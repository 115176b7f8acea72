//! Errors do not show values: a name or a number in a message stays only if it is written in the template.
//!
//! in:  a message, and the source of the template that it is about
//! out: the message, with `…` for whatever is quoted in it (or counted) and not written in the source

use minijinja::Value;
use minijinja::value::ValueKind;

/// What takes the place of a value.
const VALUE: char = '…';

/// The message without those quoted texts that the source does not have.
pub fn quoted(message: &str, source: &str) -> String {
    without_quoted(message, &|piece| is_written(piece, source))
}

/// What a function says about its arguments, without those quoted texts that come from them and that the source does
/// not have; what it quotes of its own accord stays.
pub fn arguments(message: &str, source: &str, arguments: &[Value]) -> String {
    let mut texts = Vec::new();
    for argument in arguments {
        collect(argument, DEEPEST, &mut texts);
    }
    if texts.iter().any(|text| text == message) {
        return words(message, source);
    }
    without_quoted(message, &|piece| {
        let given =
            |text: &String| !text.is_empty() && (text.contains(piece) || piece.contains(text));
        is_written(piece, source) || !texts.iter().any(given)
    })
}

/// A message that a template has made itself, without those words that the source does not have.
fn words(message: &str, source: &str) -> String {
    let word = |word: &str| {
        if source.contains(word) {
            word.to_owned()
        } else {
            VALUE.to_string()
        }
    };
    message.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// How deep texts are looked for in lists and maps.
const DEEPEST: usize = 8;

fn collect(value: &Value, depth: usize, texts: &mut Vec<String>) {
    if let Some(text) = value.as_str() {
        // As it is, and as it is quoted.
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

fn without_quoted(message: &str, stays: &dyn Fn(&str) -> bool) -> String {
    let message = without(message, '"', stays);
    let message = without(&message, '\'', stays);
    without(&message, '`', stays)
}

fn without(message: &str, quote: char, stays: &dyn Fn(&str) -> bool) -> String {
    let pieces = pieces(message, quote);
    // A quote that is left over may be one within.
    let in_pairs = quote == '"' || quotes(message, quote) == 2 * pieces.len();
    if in_pairs && pieces.iter().all(|(from, to)| stays(&message[*from..*to])) {
        return message.to_owned();
    }
    // Where quotes within are not escaped, everything between the first and the last one goes.
    let (pieces, keeps) = match (quote, pieces.first(), message.rfind(quote)) {
        ('"', ..) | (_, None, _) | (_, _, None) => (pieces, true),
        (_, Some((from, to)), Some(last)) => (vec![(*from, last.max(*to))], false),
    };
    let mut out = String::new();
    let mut done = 0;
    for (from, to) in pieces {
        let piece = &message[from..to];
        out.push_str(&message[done..from]);
        if keeps && stays(piece) {
            out.push_str(piece);
        } else {
            out.push(VALUE);
        }
        done = to;
    }
    out.push_str(&message[done..]);
    out
}

/// How many quotes there are, without the apostrophe of "can't".
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

/// Where the insides of quoted texts begin and end; one that does not end ends with the message.
fn pieces(message: &str, quote: char) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut from = None;
    let mut escaped = false;
    for (at, c) in message.char_indices() {
        if c == quote && !escaped && !is_apostrophe(message, at, quote) {
            match from.take() {
                Some(start) => pieces.push((start, at)),
                None => from = Some(at + c.len_utf8()),
            }
        }
        escaped = c == '\\' && !escaped;
    }
    pieces.extend(from.map(|start| (start, message.len())));
    pieces
}

fn is_written(piece: &str, source: &str) -> bool {
    source.contains(piece) || source.contains(&piece.replace("\\\"", "\"").replace("\\\\", "\\"))
}

/// The message without those numbers that the source does not have.
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
        // The names of types stay: `float64`.
        if before.ends_with(char::is_alphabetic) || has_number(source, number) {
            out.push_str(number);
        } else {
            out.push(VALUE);
        }
        rest = after;
    }
    out + rest
}

/// Whether a number stands in a text, and not merely as a part of a longer one.
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
    fn what_is_written_stays() {
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
        for (message, told) in cases {
            assert_eq!(quoted(message, source), told);
        }
    }

    #[test]
    fn what_a_function_says_by_itself_stays() {
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
        for (message, told) in cases {
            assert_eq!(arguments(message, "{{ f x \"my web\" }}", &given), told);
        }
    }

    #[test]
    fn numbers_that_are_written_stay() {
        let cases = [
            ("index out of range: 7", "index out of range: 7"),
            ("index out of range: 4711", "index out of range: …"),
            ("index out of range: 77", "index out of range: …"),
            ("type float64: [1 7]", "type float64: [… 7]"),
            ("none", "none"),
        ];
        for (message, told) in cases {
            assert_eq!(numbers(message, "{{ index . 7 }}"), told);
        }
    }
}
