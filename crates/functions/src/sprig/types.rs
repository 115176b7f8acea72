//! Functions for types, equality and copies of values.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::{cast, deep_equal, sprig};
use crate::args::{FunctionResult, fail, text};
use crate::function::{Call, Function};
use crate::merge;
use gotemplate::dict::{self, Dict};
use gotemplate::go_fmt;
use gotemplate::record::is_typed_nil;

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_typeOf", "sprig_type_of"],
        "(value any) string",
        "The Go type of a value; integers are int.",
        |call| {
            let [only] = call.exactly("sprig_typeOf")?;
            Ok(Value::from(type_of(only)))
        },
    ),
    sprig(
        ["sprig_typeIs", "sprig_type_is"],
        "(type string, value any) bool",
        "Whether a value has this Go type.",
        |call| {
            let [wanted, value] = call.exactly("sprig_typeIs")?;
            Ok(Value::from(text(wanted)? == type_of(value)))
        },
    ),
    sprig(
        ["sprig_typeIsLike", "sprig_type_is_like"],
        "(type string, value any) bool",
        "Whether a value has this Go type, or is a pointer to it.",
        |call| {
            let [wanted, value] = call.exactly("sprig_typeIsLike")?;
            let (wanted, found) = (text(wanted)?, type_of(value));
            Ok(Value::from(
                wanted == found || found.strip_prefix('*') == Some(wanted),
            ))
        },
    ),
    sprig(
        ["sprig_kindOf", "sprig_kind_of"],
        "(value any) string",
        "The Go kind of a value: string, int, float64, bool, slice, map, ptr, invalid.",
        |call| {
            let [only] = call.exactly("sprig_kindOf")?;
            Ok(Value::from(cast::kind(only)))
        },
    ),
    sprig(
        ["sprig_kindIs", "sprig_kind_is"],
        "(kind string, value any) bool",
        "Whether a value has this Go kind.",
        |call| {
            let [wanted, value] = call.exactly("sprig_kindIs")?;
            Ok(Value::from(text(wanted)? == cast::kind(value)))
        },
    ),
    sprig(
        ["sprig_deepEqual", "sprig_deep_equal"],
        "(a any, b any) bool",
        "Whether two values are equal in kind and content.",
        |call| {
            let [a, b] = call.exactly("sprig_deepEqual")?;
            Ok(Value::from(deep_equal::deep_equal(call, a, b)?))
        },
    ),
    sprig(
        ["sprig_deepCopy", "sprig_deep_copy"],
        "(value any) any",
        "A deep copy of a value: a change of the copy does not change the original.",
        |call| copied(call, "sprig_deepCopy"),
    ),
    sprig(
        ["sprig_mustDeepCopy", "sprig_must_deep_copy"],
        "(value any) any",
        "The same as sprig_deepCopy.",
        |call| copied(call, "sprig_mustDeepCopy"),
    ),
];

fn type_of(value: &Value) -> String {
    if cast::is_nil(value) {
        "<nil>".to_owned()
    } else {
        go_fmt::type_name(value)
    }
}

fn copied(call: &Call<'_>, name: &str) -> FunctionResult {
    let [only] = call.exactly(name)?;
    if cast::is_nil(only) {
        return fail("nil cannot be copied");
    }
    // Fails if the value has too many parts: a list may contain another one many times.
    dict::within_limits(only.clone())?;
    Ok(copy(only))
}

/// Copies mutable maps, and lists, which may contain mutable maps. Their nesting is limited when
/// they are created.
fn copy(value: &Value) -> Value {
    match value.kind() {
        ValueKind::Seq if is_typed_nil(value) => value.clone(),
        ValueKind::Seq => value
            .try_iter()
            .into_iter()
            .flatten()
            .map(|item| copy(&item))
            .collect(),
        ValueKind::Map if value.downcast_object_ref::<Dict>().is_some() => {
            let entries = merge::entries(value).unwrap_or_default();
            Dict::value(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, copy(&value)))
                    .collect(),
            )
        }
        _ => value.clone(),
    }
}
