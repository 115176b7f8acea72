//! Helpers of both formats: the type of a value, the entries of a map, and the nesting limit.

use gotemplate::go_fmt;
use gotemplate::record::Record;
use minijinja::Value;
use minijinja::value::ValueKind;

/// The maximum nesting depth that is shown.
pub(super) const MAX_DEPTH: usize = 300;

/// Returns the Go type of a value; nil is an empty interface.
pub(super) fn type_of(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => "interface {}".to_owned(),
        _ => go_fmt::type_name(value),
    }
}

pub(super) fn entries(map: &Value) -> Vec<(Value, Value)> {
    if let Some(record) = map.downcast_object_ref::<Record>() {
        return record
            .fields()
            .map(|(field, value)| (Value::from(field.go), value))
            .collect();
    }
    let mut entries: Vec<(Value, Value)> = map
        .as_object()
        .into_iter()
        .filter_map(minijinja::value::DynObject::try_iter_pairs)
        .flatten()
        .collect();
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    entries
}
