//! Lists: making them, and taking their parts.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::{MAX_ITEMS, cast, first_and_rest, sprig};
use crate::template::dict;
use crate::template::function::{Call, Function, FunctionError};
use crate::template::functions::args::{Outcome, integer, refuse};

pub(in crate::template::functions) static TABLE: &[Function] = &[
    sprig(
        ["sprig_list", "sprig_list"],
        "(items ...any) []any",
        "A list of these.",
        |call| dict::within_limits(Value::from(call.args.to_vec())),
    ),
    sprig(
        ["sprig_tuple", "sprig_tuple"],
        "(items ...any) []any",
        "The old name of sprig_list.",
        |call| dict::within_limits(Value::from(call.args.to_vec())),
    ),
    sprig(
        ["sprig_first", "sprig_first"],
        "(list []any) any",
        "The first item, or nil.",
        |call| {
            taken(call, "sprig_first", "find first on", |items| {
                items.first().cloned().unwrap_or_else(nil)
            })
        },
    ),
    sprig(
        ["sprig_mustFirst", "sprig_must_first"],
        "(list []any) any",
        "The same as sprig_first.",
        |call| {
            taken(call, "sprig_mustFirst", "find first on", |items| {
                items.first().cloned().unwrap_or_else(nil)
            })
        },
    ),
    sprig(
        ["sprig_last", "sprig_last"],
        "(list []any) any",
        "The last item, or nil.",
        |call| {
            taken(call, "sprig_last", "find last on", |items| {
                items.last().cloned().unwrap_or_else(nil)
            })
        },
    ),
    sprig(
        ["sprig_mustLast", "sprig_must_last"],
        "(list []any) any",
        "The same as sprig_last.",
        |call| {
            taken(call, "sprig_mustLast", "find last on", |items| {
                items.last().cloned().unwrap_or_else(nil)
            })
        },
    ),
    sprig(
        ["sprig_rest", "sprig_rest"],
        "(list []any) []any",
        "All items but the first.",
        |call| {
            taken(call, "sprig_rest", "find rest on", |items| {
                items.iter().skip(1).cloned().collect()
            })
        },
    ),
    sprig(
        ["sprig_mustRest", "sprig_must_rest"],
        "(list []any) []any",
        "The same as sprig_rest.",
        |call| {
            taken(call, "sprig_mustRest", "find rest on", |items| {
                items.iter().skip(1).cloned().collect()
            })
        },
    ),
    sprig(
        ["sprig_initial", "sprig_initial"],
        "(list []any) []any",
        "All items but the last.",
        |call| taken(call, "sprig_initial", "find initial on", all_but_last),
    ),
    sprig(
        ["sprig_mustInitial", "sprig_must_initial"],
        "(list []any) []any",
        "The same as sprig_initial.",
        |call| taken(call, "sprig_mustInitial", "find initial on", all_but_last),
    ),
    sprig(
        ["sprig_append", "sprig_append"],
        "(list []any, item any) []any",
        "A list with one item more.",
        |call| put(call, "sprig_append", "push", true),
    ),
    sprig(
        ["sprig_mustAppend", "sprig_must_append"],
        "(list []any, item any) []any",
        "The same as sprig_append.",
        |call| put(call, "sprig_mustAppend", "push", true),
    ),
    sprig(
        ["sprig_push", "sprig_push"],
        "(list []any, item any) []any",
        "The same as sprig_append.",
        |call| put(call, "sprig_push", "push", true),
    ),
    sprig(
        ["sprig_mustPush", "sprig_must_push"],
        "(list []any, item any) []any",
        "The same as sprig_append.",
        |call| put(call, "sprig_mustPush", "push", true),
    ),
    sprig(
        ["sprig_prepend", "sprig_prepend"],
        "(list []any, item any) []any",
        "A list with one item more at its beginning.",
        |call| put(call, "sprig_prepend", "prepend", false),
    ),
    sprig(
        ["sprig_mustPrepend", "sprig_must_prepend"],
        "(list []any, item any) []any",
        "The same as sprig_prepend.",
        |call| put(call, "sprig_mustPrepend", "prepend", false),
    ),
    sprig(
        ["sprig_concat", "sprig_concat"],
        "(lists ...[]any) []any",
        "Several lists in one.",
        concat,
    ),
    sprig(
        ["sprig_slice", "sprig_slice"],
        "(list []any, start int, end int) []any",
        "The items from start up to but not including end; both may be left out.",
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
        "Lists of so many items each.",
        |call| chunk(call, "sprig_chunk"),
    ),
    sprig(
        ["sprig_mustChunk", "sprig_must_chunk"],
        "(size int, list []any) [][]any",
        "The same as sprig_chunk.",
        |call| chunk(call, "sprig_mustChunk"),
    ),
    sprig(
        ["sprig_until", "sprig_until"],
        "(stop int) []int",
        "The numbers from 0 up or down to but not including stop.",
        |call| {
            let [stop] = call.exactly("sprig_until")?;
            let stop = integer(stop)?;
            Ok(row(0, stop, if stop < 0 { -1 } else { 1 })?
                .into_iter()
                .collect())
        },
    ),
    sprig(
        ["sprig_untilStep", "sprig_until_step"],
        "(start int, stop int, step int) []int",
        "The numbers from start to but not including stop, in steps.",
        |call| {
            let [start, stop, step] = call.exactly("sprig_untilStep")?;
            Ok(row(integer(start)?, integer(stop)?, integer(step)?)?
                .into_iter()
                .collect())
        },
    ),
];

fn nil() -> Value {
    Value::from(())
}

/// The items of a list; the error names what cannot be done with anything else.
pub(super) fn items(value: &Value, action: &str) -> Result<Vec<Value>, FunctionError> {
    match value.kind() {
        ValueKind::Seq => Ok(value.try_iter().into_iter().flatten().collect()),
        _ => refuse(format!("Cannot {action} type {}", cast::kind(value))),
    }
}

fn taken(
    call: &Call<'_>,
    name: &str,
    action: &str,
    take: impl FnOnce(&[Value]) -> Value,
) -> Outcome {
    let [list] = call.exactly(name)?;
    Ok(take(&items(list, action)?))
}

fn all_but_last(items: &[Value]) -> Value {
    items
        .split_last()
        .map_or(&[][..], |(_, initial)| initial)
        .iter()
        .cloned()
        .collect()
}

fn put(call: &Call<'_>, name: &str, verb: &str, at_end: bool) -> Outcome {
    let [list, item] = call.exactly(name)?;
    let mut items = items(list, &format!("{verb} on"))?;
    if items.len() >= MAX_ITEMS {
        return refuse(format!("a list with more than {MAX_ITEMS} items"));
    }
    // The others are as deep as they were.
    dict::within_limits(Value::from(vec![item.clone()]))?;
    items.insert(if at_end { items.len() } else { 0 }, item.clone());
    Ok(Value::from(items))
}

fn concat(call: &Call<'_>) -> Outcome {
    let mut all = Vec::new();
    for list in call.args {
        if list.kind() != ValueKind::Seq {
            return refuse(format!("Cannot concat type {} as list", cast::kind(list)));
        }
        all.extend(list.try_iter().into_iter().flatten());
        if all.len() > MAX_ITEMS {
            return refuse(format!("a list with more than {MAX_ITEMS} items"));
        }
    }
    Ok(Value::from(all))
}

fn slice(call: &Call<'_>, name: &str) -> Outcome {
    let (list, bounds) = first_and_rest(call, name)?;
    if list.kind() != ValueKind::Seq {
        return refuse(format!(
            "list should be type of slice or array but {}",
            cast::kind(list)
        ));
    }
    let items = items(list, "slice")?;
    if items.is_empty() {
        return Ok(nil());
    }
    let bound = |at: usize, usual: usize| match bounds.get(at) {
        Some(value) => usize::try_from(cast::int(value)).ok(),
        None => Some(usual),
    };
    match (bound(0, 0), bound(1, items.len())) {
        (Some(start), Some(end)) if start <= end && end <= items.len() => Ok(items
            .get(start..end)
            .unwrap_or_default()
            .iter()
            .cloned()
            .collect()),
        _ => refuse("reflect.Value.Slice: slice index out of bounds"),
    }
}

fn chunk(call: &Call<'_>, name: &str) -> Outcome {
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
        _ => refuse("the size of a chunk must be at least 1"),
    }
}

/// Numbers in a row, without `stop` itself; none when `by` leads away from it.
pub(super) fn row(start: i64, stop: i64, by: i64) -> Result<Vec<i64>, FunctionError> {
    let away = by == 0 || (stop < start) != (by < 0);
    if away || start == stop {
        return Ok(Vec::new());
    }
    let count = start.abs_diff(stop).div_ceil(by.unsigned_abs());
    if usize::try_from(count).map_or(true, |count| count > MAX_ITEMS) {
        return refuse(format!("a list with more than {MAX_ITEMS} items"));
    }
    Ok(
        std::iter::successors(Some(start), |number| number.checked_add(by))
            .take_while(|number| {
                if by < 0 {
                    *number > stop
                } else {
                    *number < stop
                }
            })
            .collect(),
    )
}
