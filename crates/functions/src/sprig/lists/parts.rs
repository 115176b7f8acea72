//! Functions that return parts of lists.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::super::{cast, first_and_rest, sprig};
use super::items;
use crate::args::{FunctionResult, fail, integer};
use crate::function::{Call, Function};
use gotemplate::dict;
use gotemplate::record::NilList;

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_first", "sprig_first"],
        "(list []any) any",
        "The first item, or nil if the list is empty.",
        |call| part(call, "sprig_first", "find first on", first),
    ),
    sprig(
        ["sprig_mustFirst", "sprig_must_first"],
        "(list []any) any",
        "The same as sprig_first.",
        |call| part(call, "sprig_mustFirst", "find first on", first),
    ),
    sprig(
        ["sprig_last", "sprig_last"],
        "(list []any) any",
        "The last item, or nil if the list is empty.",
        |call| part(call, "sprig_last", "find last on", last),
    ),
    sprig(
        ["sprig_mustLast", "sprig_must_last"],
        "(list []any) any",
        "The same as sprig_last.",
        |call| part(call, "sprig_mustLast", "find last on", last),
    ),
    sprig(
        ["sprig_rest", "sprig_rest"],
        "(list []any) []any",
        "All items except the first.",
        |call| part(call, "sprig_rest", "find rest on", all_but_first),
    ),
    sprig(
        ["sprig_mustRest", "sprig_must_rest"],
        "(list []any) []any",
        "The same as sprig_rest.",
        |call| part(call, "sprig_mustRest", "find rest on", all_but_first),
    ),
    sprig(
        ["sprig_initial", "sprig_initial"],
        "(list []any) []any",
        "All items except the last.",
        |call| part(call, "sprig_initial", "find initial on", all_but_last),
    ),
    sprig(
        ["sprig_mustInitial", "sprig_must_initial"],
        "(list []any) []any",
        "The same as sprig_initial.",
        |call| part(call, "sprig_mustInitial", "find initial on", all_but_last),
    ),
    sprig(
        ["sprig_slice", "sprig_slice"],
        "(list []any, start int, end int) []any",
        "The items from start to end, without end; both are optional.",
        |call| slice(call, "sprig_slice"),
    ),
    sprig(
        ["sprig_mustSlice", "sprig_must_slice"],
        "(list []any, start int, end int) []any",
        "The same as sprig_slice.",
        |call| slice(call, "sprig_mustSlice"),
    ),
    sprig(
        ["sprig_chunk", "sprig_chunk"],
        "(size int, list []any) [][]any",
        "The items in lists of `size` items each.",
        |call| chunk(call, "sprig_chunk"),
    ),
    sprig(
        ["sprig_mustChunk", "sprig_must_chunk"],
        "(size int, list []any) [][]any",
        "The same as sprig_chunk.",
        |call| chunk(call, "sprig_mustChunk"),
    ),
];

fn part(
    call: &Call<'_>,
    name: &str,
    action: &str,
    select: fn(&[Value]) -> Value,
) -> FunctionResult {
    let [list] = call.exactly(name)?;
    Ok(select(&items(list, action)?))
}

fn first(items: &[Value]) -> Value {
    items.first().cloned().unwrap_or_else(|| Value::from(()))
}

fn last(items: &[Value]) -> Value {
    items.last().cloned().unwrap_or_else(|| Value::from(()))
}

fn all_but_first(items: &[Value]) -> Value {
    list_or_nil(items.split_first().map(|(_, rest)| rest))
}

fn all_but_last(items: &[Value]) -> Value {
    list_or_nil(items.split_last().map(|(_, initial)| initial))
}

fn list_or_nil(items: Option<&[Value]>) -> Value {
    items.map_or_else(
        || Value::from_object(NilList),
        |items| items.iter().cloned().collect(),
    )
}

fn slice(call: &Call<'_>, name: &str) -> FunctionResult {
    let (list, bounds) = first_and_rest(call, name)?;
    if list.kind() != ValueKind::Seq {
        return fail(format!(
            "list should be type of slice or array but {}",
            cast::kind(list)
        ));
    }
    let items = items(list, "slice")?;
    if items.is_empty() {
        return Ok(Value::from(()));
    }
    let bound = |at: usize, default: usize| match bounds.get(at) {
        Some(value) => usize::try_from(cast::int(value)).ok(),
        None => Some(default),
    };
    match (bound(0, 0), bound(1, items.len())) {
        (Some(start), Some(end)) if start <= end && end <= items.len() => Ok(items
            .get(start..end)
            .unwrap_or_default()
            .iter()
            .cloned()
            .collect()),
        _ => fail("reflect.Value.Slice: slice index out of bounds"),
    }
}

fn chunk(call: &Call<'_>, name: &str) -> FunctionResult {
    let [size, list] = call.exactly(name)?;
    let size = integer(size)?;
    let items = items(list, "chunk")?;
    match usize::try_from(size) {
        Ok(size) if size > 0 => dict::within_limits(
            items
                .chunks(size)
                .map(|chunk| chunk.iter().cloned().collect::<Value>())
                .collect(),
        ),
        _ => fail("the size of a chunk must be at least 1"),
    }
}
