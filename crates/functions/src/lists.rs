//! Functions for lists: splitting and joining strings, and searching items.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};

use super::args::{FunctionResult, Number, bytes, fail, slice, text};
use crate::function::{Call, Function, FunctionError, Group};
use gotemplate::record::TypedMap;

/// The maximum number of items in the result of `split`.
const MAX_ITEMS: usize = 1_000_000;

/// The maximum size of a result in bytes.
const MAX_LENGTH: usize = 64 << 20;

/// The maximum number of iterations of `loop`.
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

/// Splits like Go's `strings.Split`, except that an empty string has no parts.
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
        fail(format!("a list with more than {MAX_ITEMS} items"))
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
    let map: std::collections::BTreeMap<String, String> = pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Ok(TypedMap::of_text(&map))
}

fn join(call: &Call<'_>) -> FunctionResult {
    let [separator, last] = call.exactly("join")?;
    let separator = text(separator)?;
    let items = call.list(last)?;
    let texts: Vec<&str> = items.iter().map(text).collect::<Result<_, _>>()?;
    let separators = texts.len().saturating_mul(separator.len());
    let length = texts.iter().map(|text| text.len());
    if length.fold(separators, usize::saturating_add) > MAX_LENGTH {
        return fail("the result is too long");
    }
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
            (Ok(haystack), Ok(needle)) => memchr::memmem::find(haystack, needle).is_some(),
            _ => false,
        },
        ValueKind::Seq => {
            let needle = Needle::new(needle);
            if let Some(items) = slice(haystack) {
                return items.iter().any(|item| needle.equals(item));
            }
            let mut items = haystack.try_iter().into_iter().flatten();
            items.any(|item| needle.equals(&item))
        }
        _ => false,
    }
}

/// A value to search for in a list, with its type.
enum Needle<'v> {
    Int(i64),
    Float(f64),
    Text(&'v str),
    /// A value that equals no item.
    Other,
}

impl<'v> Needle<'v> {
    fn new(value: &'v Value) -> Self {
        match (Number::of(value), text(value)) {
            (Some(Number::Int(number)), _) => Self::Int(number),
            (Some(Number::Float(number)), _) => Self::Float(number),
            (None, Ok(text)) => Self::Text(text),
            _ => Self::Other,
        }
    }

    fn equals(&self, item: &Value) -> bool {
        match self {
            Self::Text(needle) => item.kind() == ValueKind::String && item.as_str() == Some(needle),
            Self::Int(needle) => {
                matches!(Number::of(item), Some(Number::Int(item)) if item == *needle)
            }
            #[expect(clippy::float_cmp, reason = "Go compares floats exactly, too")]
            Self::Float(needle) => {
                matches!(Number::of(item), Some(Number::Float(item)) if item == *needle)
            }
            Self::Other => false,
        }
    }
}

/// Searches for each needle; `verdict` decides from the results.
fn needles(call: &Call<'_>, name: &str, verdict: impl Fn(&[bool]) -> bool) -> FunctionResult {
    let [needles, haystack] = call.exactly(name)?;
    let size = haystack
        .as_bytes()
        .map_or(haystack.len(), |bytes| Some(bytes.len()));
    let mut found = Vec::new();
    for needle in call.list(needles)? {
        call.spend(size.unwrap_or(0))?;
        found.push(is_in(haystack, &needle));
    }
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
            return fail(format!(
                "loop: wrong number of arguments, expected 1 or 2, but got {}",
                other.len()
            ));
        }
    };
    if stop.saturating_sub(start) > MAX_ITERATIONS {
        return fail(format!("loop: more than {MAX_ITERATIONS} iterations"));
    }
    Ok(Value::from_object(IntRange { start, stop }))
}

fn bound(value: &Value) -> Result<i64, FunctionError> {
    match (Number::of(value), value.kind()) {
        (Some(Number::Int(number)), _) => Ok(number),
        (_, ValueKind::String) => match super::numbers::parse_int(text(value)?) {
            Ok(number) => Ok(number),
            Err(error) => fail(format!("loop: strconv.ParseInt: parsing: {error}")),
        },
        _ => fail(format!(
            "loop: bad parameter type: {}",
            super::args::go_type(value)
        )),
    }
}
