//! Functions that filter, sort and search lists.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::super::deep_equal::{Seen, contains};
use super::super::{cast, first_and_rest, sprig};
use super::items;
use crate::args::{FunctionResult, slice};
use crate::function::{Call, Function, FunctionError};

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_reverse", "sprig_reverse"],
        "(list []any) []any",
        "The items in reverse order.",
        |call| reverse(call, "sprig_reverse"),
    ),
    sprig(
        ["sprig_mustReverse", "sprig_must_reverse"],
        "(list []any) []any",
        "The same as sprig_reverse.",
        |call| reverse(call, "sprig_mustReverse"),
    ),
    sprig(
        ["sprig_uniq", "sprig_uniq"],
        "(list []any) []any",
        "The items without duplicates.",
        |call| uniq(call, "sprig_uniq"),
    ),
    sprig(
        ["sprig_mustUniq", "sprig_must_uniq"],
        "(list []any) []any",
        "The same as sprig_uniq.",
        |call| uniq(call, "sprig_mustUniq"),
    ),
    sprig(
        ["sprig_compact", "sprig_compact"],
        "(list []any) []any",
        "The items that are not empty.",
        |call| compact(call, "sprig_compact"),
    ),
    sprig(
        ["sprig_mustCompact", "sprig_must_compact"],
        "(list []any) []any",
        "The same as sprig_compact.",
        |call| compact(call, "sprig_mustCompact"),
    ),
    sprig(
        ["sprig_without", "sprig_without"],
        "(list []any, items ...any) []any",
        "The items that equal none of the other arguments.",
        |call| without(call, "sprig_without"),
    ),
    sprig(
        ["sprig_mustWithout", "sprig_must_without"],
        "(list []any, items ...any) []any",
        "The same as sprig_without.",
        |call| without(call, "sprig_mustWithout"),
    ),
    sprig(
        ["sprig_has", "sprig_has"],
        "(item any, list []any) bool",
        "Whether a list contains an item.",
        |call| has(call, "sprig_has"),
    ),
    sprig(
        ["sprig_mustHas", "sprig_must_has"],
        "(item any, list []any) bool",
        "The same as sprig_has.",
        |call| has(call, "sprig_mustHas"),
    ),
    sprig(
        ["sprig_sortAlpha", "sprig_sort_alpha"],
        "(list []any) []string",
        "The items as strings, sorted.",
        |call| {
            let [list] = call.exactly("sprig_sortAlpha")?;
            let mut texts = if list.kind() == ValueKind::Seq {
                cast::texts(list)?
            } else {
                vec![cast::text(list)?]
            };
            texts.sort_unstable();
            Ok(texts.into_iter().map(Value::from).collect())
        },
    ),
];

fn reverse(call: &Call<'_>, name: &str) -> FunctionResult {
    let [list] = call.exactly(name)?;
    Ok(items(list, "find reverse on")?.into_iter().rev().collect())
}

fn uniq(call: &Call<'_>, name: &str) -> FunctionResult {
    let [list] = call.exactly(name)?;
    let mut seen = Seen::default();
    retain(items(list, "find uniq on")?, |item| seen.insert(call, item))
}

fn compact(call: &Call<'_>, name: &str) -> FunctionResult {
    let [list] = call.exactly(name)?;
    Ok(items(list, "compact on")?
        .into_iter()
        .filter(|item| !cast::is_empty(item))
        .collect())
}

fn without(call: &Call<'_>, name: &str) -> FunctionResult {
    let (list, omitted) = first_and_rest(call, name)?;
    retain(items(list, "find without on")?, |item| {
        Ok(!contains(call, omitted, item)?)
    })
}

fn has(call: &Call<'_>, name: &str) -> FunctionResult {
    let [item, list] = call.exactly(name)?;
    if cast::is_nil(list) {
        return Ok(Value::from(false));
    }
    let found = match slice(list) {
        Some(items) => contains(call, items, item)?,
        None => contains(call, &items(list, "find has on")?, item)?,
    };
    Ok(Value::from(found))
}

/// Returns the items for which `keep` returns `true`.
fn retain(
    items: Vec<Value>,
    mut keep: impl FnMut(&Value) -> Result<bool, FunctionError>,
) -> FunctionResult {
    let mut kept = Vec::new();
    for item in items {
        if keep(&item)? {
            kept.push(item);
        }
    }
    Ok(Value::from(kept))
}
