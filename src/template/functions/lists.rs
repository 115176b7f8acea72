//! Lists: splitting and joining strings, and looking for items.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};

use super::args::{FunctionResult, Number, bytes, list, refuse, text};
use crate::answer::TextMap;
use crate::template::function::{Call, Function, FunctionError, Group};
use crate::template::record::TypedMap;

/// The length of a list that `split` makes.
const MAX_ITEMS: usize = 1_000_000;

/// The number of iterations of `loop`.
const MAX_ITERATIONS: i64 = 10_000_000;

row_constructor!(lists, Group::Text);

pub(super) static TABLE: &[Function] = &[
    lists(
        ["split", "split"],
        "(separator string, text string) []string",
        "The parts of a string, which is trimmed first.",
        split,
    ),
    lists(
        ["splitToMap", "split_to_map"],
        "(separator string, assignment string, text string) map[string]string",
        "The parts of a string as a map: splitToMap \",\" \"=\" \"a=1,b=2\".",
        split_to_map,
    ),
    lists(
        ["join", "join"],
        "(separator string, parts []string) string",
        "The strings of a list, joined by a separator.",
        join,
    ),
    lists(
        ["contains", "contains"],
        "(needle any, haystack any) bool",
        "Whether a value is in a list, or a string in a string.",
        |call| {
            let [needle, haystack] = call.exactly("contains")?;
            Ok(Value::from(is_in(haystack, needle)))
        },
    ),
    lists(
        ["in", "is_in"],
        "(haystack any, needle any) bool",
        "Whether a list contains a value, or a string contains a string.",
        |call| {
            let [haystack, needle] = call.exactly("in")?;
            Ok(Value::from(is_in(haystack, needle)))
        },
    ),
    lists(
        ["containsAll", "contains_all"],
        "(needles []any, haystack any) bool",
        "Whether all needles are in the haystack.",
        |call| {
            needles(call, "containsAll", |found| {
                found.iter().all(|found| *found)
            })
        },
    ),
    lists(
        ["containsAny", "contains_any"],
        "(needles []any, haystack any) bool",
        "Whether at least one needle is in the haystack.",
        |call| needles(call, "containsAny", |found| found.contains(&true)),
    ),
    lists(
        ["containsNone", "contains_none"],
        "(needles []any, haystack any) bool",
        "Whether no needle is in the haystack.",
        |call| needles(call, "containsNone", |found| !found.contains(&true)),
    ),
    lists(
        ["containsNotAll", "contains_not_all"],
        "(needles []any, haystack any) bool",
        "Whether at least one needle is not in the haystack.",
        |call| needles(call, "containsNotAll", |found| found.contains(&false)),
    ),
    lists(
        ["loop", "loop_range"],
        "(start int, stop int) ints",
        "The integers from start (default 0) to stop, without stop.",
        loop_range,
    ),
];

fn split(call: &Call<'_>) -> FunctionResult {
    let [separator, last] = call.exactly("split")?;
    Ok(parts(text(separator)?, text(last)?.trim())?
        .into_iter()
        .collect())
}

/// Go's `strings.Split`, but an empty string has no parts.
fn parts<'a>(separator: &str, text: &'a str) -> Result<Vec<&'a str>, FunctionError> {
    let max = MAX_ITEMS + 1;
    let parts: Vec<&str> = match (separator, text) {
        (_, "") => Vec::new(),
        ("", text) => text
            .char_indices()
            .take(max)
            .map(|(at, c)| &text[at..at + c.len_utf8()])
            .collect(),
        (separator, text) => text.split(separator).take(max).collect(),
    };
    if parts.len() > MAX_ITEMS {
        refuse(format!("a list with more than {MAX_ITEMS} items"))
    } else {
        Ok(parts)
    }
}

fn split_to_map(call: &Call<'_>) -> FunctionResult {
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

fn join(call: &Call<'_>) -> FunctionResult {
    let [separator, last] = call.exactly("join")?;
    let separator = text(separator)?;
    let items = list(last)?;
    let texts: Vec<&str> = items.iter().map(text).collect::<Result<_, _>>()?;
    Ok(Value::from(texts.join(separator)))
}

/// Returns `true` if the needle is in the haystack. As in Go, integers are compared with integers, floats with floats and
/// strings with strings; other values are never equal.
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
            list(haystack).is_ok_and(|items| items.iter().any(|item| equal(item, needle)))
        }
        _ => false,
    }
}

fn equal(item: &Value, needle: &Value) -> bool {
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

/// Looks for each needle; `verdict` judges which of them were found.
fn needles(call: &Call<'_>, name: &str, verdict: impl Fn(&[bool]) -> bool) -> FunctionResult {
    let [needles, haystack] = call.exactly(name)?;
    let found: Vec<bool> = list(needles)?
        .iter()
        .map(|needle| is_in(haystack, needle))
        .collect();
    Ok(Value::from(verdict(&found)))
}

/// A lazy range of integers.
#[derive(Debug)]
struct IntRange {
    start: i64,
    stop: i64,
}

impl Object for IntRange {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Iter(Box::new((self.start..self.stop).map(Value::from)))
    }
}

fn loop_range(call: &Call<'_>) -> FunctionResult {
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
    if stop.saturating_sub(start) > MAX_ITERATIONS {
        return refuse(format!("loop: more than {MAX_ITERATIONS} iterations"));
    }
    Ok(Value::from_object(IntRange { start, stop }))
}

fn bound(value: &Value) -> Result<i64, FunctionError> {
    match (Number::of(value), value.kind()) {
        (Some(Number::Int(number)), _) => Ok(number),
        (_, ValueKind::String) => match super::numbers::parse_int(text(value)?) {
            Ok(number) => Ok(number),
            Err(error) => refuse(format!("loop: strconv.ParseInt: parsing: {error}")),
        },
        _ => refuse(format!(
            "loop: bad parameter type: {}",
            super::args::go_type(value)
        )),
    }
}
