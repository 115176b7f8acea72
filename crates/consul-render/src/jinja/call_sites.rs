//! Finds the place of a call in the source of a template, because minijinja does not report it to
//! the function.
//!
//! Input: the source, the function, and the arguments of the call. Output: the byte offset of the call.

use std::borrow::Cow;

use super::tags;

/// The byte offset at which a function is called with these arguments. A call whose arguments are
/// all literals takes precedence over one with computed arguments.
pub(super) fn of_call(source: &str, function: &str, args: &[Option<String>]) -> Option<usize> {
    let mut computed = None;
    for (start, inside) in tags::read(source).insides {
        for (at, _) in inside.match_indices(function) {
            let Some(written) = written_arguments(inside, at, function.len()) else {
                continue;
            };
            match compare(&written, args) {
                Match::Exact => return Some(start + at),
                Match::Possible => {
                    computed.get_or_insert(start + at);
                }
                Match::None => {}
            }
        }
    }
    computed
}

/// The degree to which a call in the source matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    /// All arguments are the expected literals.
    Exact,
    /// An argument is computed.
    Possible,
    /// An argument is a different literal.
    None,
}

fn compare(written: &[Argument<'_>], args: &[Option<String>]) -> Match {
    let mut found = Match::Exact;
    for (index, argument) in written.iter().enumerate() {
        match (argument, args.get(index)) {
            (Argument::Literal(text), Some(Some(arg))) if text == arg => {}
            (Argument::Literal(_), _) => return Match::None,
            (Argument::Computed, _) => found = Match::Possible,
        }
    }
    if written.len() < args.len() {
        return Match::None;
    }
    found
}

/// An argument in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Argument<'s> {
    Literal(Cow<'s, str>),
    /// An expression, or a named argument.
    Computed,
}

/// Reads the arguments of a call or a filter whose name is at `at`; `None` if it is neither.
fn written_arguments(inside: &str, at: usize, length: usize) -> Option<Vec<Argument<'_>>> {
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    let (before, after) = (inside.get(..at)?, inside.get(at + length..)?);
    if before.ends_with(is_part) || before.ends_with('.') || after.starts_with(is_part) {
        return None;
    }
    let in_parentheses = after.trim_start().strip_prefix('(').map(arguments);
    match before.trim_end().strip_suffix('|') {
        Some(piped) => {
            let mut all = in_parentheses.unwrap_or_default();
            all.push(last_argument(piped.trim_end()));
            Some(all)
        }
        None => in_parentheses,
    }
}

/// Reads the arguments up to the closing parenthesis.
fn arguments(list: &str) -> Vec<Argument<'_>> {
    let mut all = Vec::new();
    let (mut start, mut depth, mut quote, mut escaped) = (0, 0_usize, None, false);
    let mut end = list.len();
    for (at, char) in list.char_indices() {
        match quote {
            Some(open) => {
                if char == open && !escaped {
                    quote = None;
                }
                escaped = char == '\\' && !escaped;
                continue;
            }
            None if matches!(char, '"' | '\'') => quote = Some(char),
            None if matches!(char, '(' | '[' | '{') => depth += 1,
            None if depth == 0 && char == ')' => {
                end = at;
                break;
            }
            None if matches!(char, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            None if depth == 0 && char == ',' => {
                all.push(argument(&list[start..at]));
                start = at + 1;
            }
            None => {}
        }
        escaped = false;
    }
    if !list[start..end].trim().is_empty() {
        all.push(argument(&list[start..end]));
    }
    all
}

/// Reads an argument: a quoted string, or something else.
fn argument(written: &str) -> Argument<'_> {
    let written = written.trim();
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        let text = written.strip_prefix(quote)?.strip_suffix(quote)?;
        (!text
            .replace("\\\\", "")
            .replace(&format!("\\{quote}"), "")
            .contains(quote))
        .then_some(text)
    });
    quoted
        .and_then(unescaped)
        .map_or(Argument::Computed, Argument::Literal)
}

/// Reads the quoted string at the end of an expression that is piped into a filter.
fn last_argument(before: &str) -> Argument<'_> {
    let text = |quote: char| {
        let open = before.strip_suffix(quote)?.rfind(quote)?;
        // Only a string that is the whole expression is the piped value.
        let is_alone = before[..open].trim_end().is_empty()
            || before[..open]
                .trim_end()
                .ends_with(['(', ',', '=', ' ', '-', '+']);
        is_alone.then(|| argument(&before[open..]))
    };
    text('"')
        .or_else(|| text('\''))
        .unwrap_or(Argument::Computed)
}

/// Unescapes a string literal; `None` if it has an escape other than that of a quote or a backslash.
fn unescaped(literal: &str) -> Option<Cow<'_, str>> {
    if !literal.contains('\\') {
        return Some(Cow::Borrowed(literal));
    }
    let mut text = String::with_capacity(literal.len());
    let mut chars = literal.chars();
    while let Some(char) = chars.next() {
        text.push(match char {
            '\\' => chars
                .next()
                .filter(|next| matches!(next, '\\' | '"' | '\''))?,
            char => char,
        });
    }
    Some(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(source: &str, function: &str, args: &[&str]) -> Option<usize> {
        let args: Vec<_> = args.iter().map(|arg| Some((*arg).to_owned())).collect();
        of_call(source, function, &args)
    }

    #[test]
    fn a_call_is_found_by_its_literal_arguments() {
        let source = "{{ key('a') }}{{ key(\"b\") }}{{ key(x) }}{{ ls(key('c') ~ 'd') }}";
        assert_eq!(found(source, "key", &["a"]), source.find("key('a')"));
        assert_eq!(found(source, "key", &["b"]), source.find("key(\"b\")"));
        assert_eq!(found(source, "key", &["z"]), source.find("key(x)"));
        assert_eq!(found(source, "key", &["c"]), source.find("key('c')"));
        assert_eq!(found(source, "ls", &["1d"]), source.find("ls("));
        assert_eq!(found(source, "tree", &["a"]), None);
    }

    #[test]
    fn a_filter_is_a_call_with_the_piped_value_last() {
        let source = "{{ 'a' | key }}{% set x = \"b\"|key_or_default('c') %}{{ y ~ 'd' | key }}";
        assert_eq!(found(source, "key", &["a"]), source.find("key"));
        assert_eq!(
            found(source, "key_or_default", &["c", "b"]),
            source.find("key_or")
        );
        assert_eq!(found(source, "key_or_default", &["b", "c"]), None);
    }

    #[test]
    fn text_that_only_looks_like_a_call_is_not_found() {
        for source in [
            "{{ my_key('a') }}",
            "{{ a.key('a') }}",
            "key('a')",
            "{# key('a') #}",
            "{{ key }}",
        ] {
            assert_eq!(found(source, "key", &["a"]), None, "{source}");
        }
    }

    #[test]
    fn escapes_and_nesting_are_read() {
        let source = r#"{{ key('it\'s') }}{{ service("web", tag=["a", "b"]) }}{{ key('a,b)') }}"#;
        assert_eq!(found(source, "key", &["it's"]), source.find("key("));
        assert_eq!(found(source, "key", &["a,b)"]), source.find("key('a,"));
        assert_eq!(found(source, "service", &["web"]), source.find("service"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_source_is_searched(source in "[{}%|,()key'\"\\\\ é=\n-]{0,40}") {
            let _ = found(&source, "key", &["é"]);
        }
    }
}
