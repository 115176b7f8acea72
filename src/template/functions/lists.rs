//! Lists: taking texts apart and together, and asking what is in them.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};

use super::args::{Number, Outcome, bytes, list, refuse, text};
use super::function;
use crate::answer::TextMap;
use crate::template::function::{Call, Function, FunctionError, Group};
use crate::template::record::TypedMap;

/// A text with more parts than this is taken for a mistake.
const MAX_ITEMS: usize = 1_000_000;

/// A loop over more numbers than this is taken for a mistake.
const MAX_TURNS: i64 = 10_000_000;

const fn lists(
    names: [&'static str; 2],
    signature: &'static str,
    summary: &'static str,
    code: fn(&Call<'_>) -> Outcome,
) -> Function {
    function(Group::Text, names, signature, summary, code)
}

pub(super) static TABLE: &[Function] = &[
    lists(
        ["split", "split"],
        "(separator string, text string) []string",
        "The parts of a text, trimmed as a whole.",
        split,
    ),
    lists(
        ["splitToMap", "split_to_map"],
        "(separator string, assignment string, text string) map[string]string",
        "The parts of a text as names and values: splitToMap \",\" \"=\" \"a=1,b=2\".",
        split_to_map,
    ),
    lists(
        ["join", "join"],
        "(separator string, parts []string) string",
        "The texts of a list, one after the other.",
        join,
    ),
    lists(
        ["contains", "contains"],
        "(needle any, haystack any) bool",
        "Whether something is in a list, or a text in a text.",
        |call| {
            let [needle, haystack] = call.exactly("contains")?;
            Ok(Value::from(is_in(haystack, needle)))
        },
    ),
    lists(
        ["in", "is_in"],
        "(haystack any, needle any) bool",
        "Whether a list holds something, or a text a text.",
        |call| {
            let [haystack, needle] = call.exactly("in")?;
            Ok(Value::from(is_in(haystack, needle)))
        },
    ),
    lists(
        ["containsAll", "contains_all"],
        "(needles []any, haystack any) bool",
        "Whether all of these are in it.",
        |call| {
            needles(call, "containsAll", |found| {
                found.iter().all(|found| *found)
            })
        },
    ),
    lists(
        ["containsAny", "contains_any"],
        "(needles []any, haystack any) bool",
        "Whether one of these is in it.",
        |call| needles(call, "containsAny", |found| found.contains(&true)),
    ),
    lists(
        ["containsNone", "contains_none"],
        "(needles []any, haystack any) bool",
        "Whether none of these is in it.",
        |call| needles(call, "containsNone", |found| !found.contains(&true)),
    ),
    lists(
        ["containsNotAll", "contains_not_all"],
        "(needles []any, haystack any) bool",
        "Whether one of these is not in it.",
        |call| needles(call, "containsNotAll", |found| found.contains(&false)),
    ),
    lists(
        ["loop", "loop_range"],
        "(start int, stop int) ints",
        "The numbers from start, or from 0, up to but not including stop.",
        numbers,
    ),
];

fn split(call: &Call<'_>) -> Outcome {
    let [separator, last] = call.exactly("split")?;
    Ok(parts(text(separator)?, text(last)?.trim())?
        .into_iter()
        .collect())
}

/// Go's `strings.Split`, but nothing for an empty text.
fn parts<'a>(separator: &str, text: &'a str) -> Result<Vec<&'a str>, FunctionError> {
    let most = MAX_ITEMS + 1;
    let parts: Vec<&str> = match (separator, text) {
        (_, "") => Vec::new(),
        ("", text) => text
            .char_indices()
            .take(most)
            .map(|(at, c)| &text[at..at + c.len_utf8()])
            .collect(),
        (separator, text) => text.split(separator).take(most).collect(),
    };
    if parts.len() > MAX_ITEMS {
        refuse(format!("a list with more than {MAX_ITEMS} items"))
    } else {
        Ok(parts)
    }
}

fn split_to_map(call: &Call<'_>) -> Outcome {
    let [separator, assignment, last] = call.exactly("splitToMap")?;
    let (separator, assignment, text) = (text(separator)?, text(assignment)?, text(last)?);
    let pairs = parts(separator, text.trim())?
        .into_iter()
        .filter_map(|part| part.split_once(assignment));
    let map: TextMap = pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Ok(TypedMap::of_text(&map))
}

fn join(call: &Call<'_>) -> Outcome {
    let [separator, last] = call.exactly("join")?;
    let separator = text(separator)?;
    let items = list(last)?;
    let texts: Vec<&str> = items.iter().map(text).collect::<Result<_, _>>()?;
    Ok(Value::from(texts.join(separator)))
}

/// Go compares by kind: whole numbers with whole numbers, floats with floats, texts with texts, and nothing else.
fn is_in(haystack: &Value, needle: &Value) -> bool {
    match haystack.kind() {
        ValueKind::String => match (text(haystack), text(needle)) {
            (Ok(haystack), Ok(needle)) => haystack.contains(needle),
            _ => false,
        },
        ValueKind::Bytes => match (bytes(haystack), bytes(needle)) {
            (Ok(haystack), Ok(needle)) => {
                needle.is_empty()
                    || haystack
                        .windows(needle.len())
                        .any(|window| window == needle)
            }
            _ => false,
        },
        ValueKind::Seq => {
            list(haystack).is_ok_and(|items| items.iter().any(|item| same(item, needle)))
        }
        _ => false,
    }
}

fn same(item: &Value, needle: &Value) -> bool {
    match (Number::of(item), Number::of(needle)) {
        (Some(Number::Int(item)), Some(Number::Int(needle))) => item == needle,
        #[expect(clippy::float_cmp, reason = "Go compares floats exactly, too")]
        (Some(Number::Float(item)), Some(Number::Float(needle))) => item == needle,
        (None, None) => {
            matches!((text(item), text(needle)), (Ok(item), Ok(needle)) if item == needle)
        }
        _ => false,
    }
}

fn needles(call: &Call<'_>, name: &str, verdict: impl Fn(&[bool]) -> bool) -> Outcome {
    let [needles, haystack] = call.exactly(name)?;
    let found: Vec<bool> = list(needles)?
        .iter()
        .map(|needle| is_in(haystack, needle))
        .collect();
    Ok(Value::from(verdict(&found)))
}

/// Whole numbers in a row, made one by one.
#[derive(Debug)]
struct Row {
    start: i64,
    stop: i64,
}

impl Object for Row {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Iter(Box::new((self.start..self.stop).map(Value::from)))
    }
}

fn numbers(call: &Call<'_>) -> Outcome {
    let (start, stop) = match call.args {
        [stop] => (0, bound(stop)?),
        [start, stop] => (bound(start)?, bound(stop)?),
        other => {
            return refuse(format!(
                "loop: wrong number of arguments, expected 1 or 2, but got {}",
                other.len()
            ));
        }
    };
    if stop.saturating_sub(start) > MAX_TURNS {
        return refuse(format!("loop: more than {MAX_TURNS} turns"));
    }
    Ok(Value::from_object(Row { start, stop }))
}

fn bound(value: &Value) -> Result<i64, FunctionError> {
    match (Number::of(value), value.kind()) {
        (Some(Number::Int(number)), _) => Ok(number),
        (_, ValueKind::String) => match super::numbers::parse_int(text(value)?) {
            Ok(number) => Ok(number),
            Err(problem) => refuse(format!("loop: strconv.ParseInt: parsing: {problem}")),
        },
        _ => refuse(format!(
            "loop: bad parameter type: {}",
            super::args::go_type(value)
        )),
    }
}
