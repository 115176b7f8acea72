//! Functions that create lists.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::super::{cast, check_items, sprig};
use super::items;
use crate::args::{FunctionResult, fail, integer};
use crate::function::{Call, Function, FunctionError};
use gotemplate::dict;
use gotemplate::record::NilList;

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_list", "sprig_list"],
        "(items ...any) []any",
        "A list of the arguments.",
        |call| dict::within_limits(Value::from(call.args.to_vec())),
    ),
    sprig(
        ["sprig_tuple", "sprig_tuple"],
        "(items ...any) []any",
        "The old name of sprig_list.",
        |call| dict::within_limits(Value::from(call.args.to_vec())),
    ),
    sprig(
        ["sprig_append", "sprig_append"],
        "(list []any, item any) []any",
        "The list with an item added at its end.",
        |call| insert(call, "sprig_append", "push", true),
    ),
    sprig(
        ["sprig_mustAppend", "sprig_must_append"],
        "(list []any, item any) []any",
        "The same as sprig_append.",
        |call| insert(call, "sprig_mustAppend", "push", true),
    ),
    sprig(
        ["sprig_push", "sprig_push"],
        "(list []any, item any) []any",
        "The same as sprig_append.",
        |call| insert(call, "sprig_push", "push", true),
    ),
    sprig(
        ["sprig_mustPush", "sprig_must_push"],
        "(list []any, item any) []any",
        "The same as sprig_append.",
        |call| insert(call, "sprig_mustPush", "push", true),
    ),
    sprig(
        ["sprig_prepend", "sprig_prepend"],
        "(list []any, item any) []any",
        "The list with an item added at its start.",
        |call| insert(call, "sprig_prepend", "prepend", false),
    ),
    sprig(
        ["sprig_mustPrepend", "sprig_must_prepend"],
        "(list []any, item any) []any",
        "The same as sprig_prepend.",
        |call| insert(call, "sprig_mustPrepend", "prepend", false),
    ),
    sprig(
        ["sprig_concat", "sprig_concat"],
        "(lists ...[]any) []any",
        "The items of several lists in one list.",
        concat,
    ),
    sprig(
        ["sprig_until", "sprig_until"],
        "(stop int) []int",
        "The integers from 0 up or down to stop, without stop.",
        |call| {
            let [stop] = call.exactly("sprig_until")?;
            let stop = integer(stop)?;
            Ok(range(0, stop, if stop < 0 { -1 } else { 1 })?
                .into_iter()
                .collect())
        },
    ),
    sprig(
        ["sprig_untilStep", "sprig_until_step"],
        "(start int, stop int, step int) []int",
        "The integers from start to stop in steps, without stop.",
        |call| {
            let [start, stop, step] = call.exactly("sprig_untilStep")?;
            Ok(range(integer(start)?, integer(stop)?, integer(step)?)?
                .into_iter()
                .collect())
        },
    ),
    sprig(
        ["sprig_seq", "sprig_seq"],
        "(start int, step int, end int) string",
        "Integers as the program seq prints them, separated by spaces; start and step are optional.",
        seq,
    ),
];

fn insert(call: &Call<'_>, name: &str, verb: &str, at_end: bool) -> FunctionResult {
    let [list, item] = call.exactly(name)?;
    let mut items = items(list, &format!("{verb} on"))?;
    check_items(items.len() + 1)?;
    // The nesting of the other items is already checked.
    dict::within_limits(Value::from(vec![item.clone()]))?;
    items.insert(if at_end { items.len() } else { 0 }, item.clone());
    Ok(Value::from(items))
}

fn concat(call: &Call<'_>) -> FunctionResult {
    let mut all = Vec::new();
    for list in call.args {
        if list.kind() != ValueKind::Seq {
            return fail(format!("Cannot concat type {} as list", cast::kind(list)));
        }
        all.extend(list.try_iter().into_iter().flatten());
        check_items(all.len())?;
    }
    if all.is_empty() {
        return Ok(Value::from_object(NilList));
    }
    Ok(Value::from(all))
}

fn seq(call: &Call<'_>) -> FunctionResult {
    let numbers: Vec<i64> = call.args.iter().map(integer).collect::<Result<_, _>>()?;
    let toward = |start: i64, end: i64| if end < start { -1_i64 } else { 1 };
    let (start, step, end) = match numbers.as_slice() {
        [end] => (1, toward(1, *end), *end),
        [start, end] => (*start, toward(*start, *end), *end),
        [start, step, end] => (*start, *step, *end),
        _ => return Ok(Value::from("")),
    };
    if end < start && step > 0 {
        return Ok(Value::from(""));
    }
    // The end is inclusive.
    let Some(beyond) = end.checked_add(toward(start, end)) else {
        return fail("a number that is too large");
    };
    let texts: Vec<String> = range(start, beyond, step)?
        .iter()
        .map(ToString::to_string)
        .collect();
    Ok(Value::from(texts.join(" ")))
}

/// Returns the integers from `start` up to, but without, `stop`; none if `by` has the wrong sign.
fn range(start: i64, stop: i64, by: i64) -> Result<Vec<i64>, FunctionError> {
    let away = by == 0 || (stop < start) != (by < 0);
    if away || start == stop {
        return Ok(Vec::new());
    }
    let count = start.abs_diff(stop).div_ceil(by.unsigned_abs());
    check_items(usize::try_from(count).unwrap_or(usize::MAX))?;
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
