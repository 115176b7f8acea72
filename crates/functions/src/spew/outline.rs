//! Logs the types and lengths of values. The values themselves are omitted, because they may be
//! secret.

use std::fmt::Write as _;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::values::{MAX_DEPTH, entries, type_of};
use gotemplate::record::Record;

/// The component of the log lines.
const TARGET: &str = "ctmpl::render";

/// The approximate maximum length of an outline.
const MAX_LENGTH: usize = 1000;

/// Logs the types and lengths of values.
pub(super) fn log_types(function: &str, values: &[Value]) {
    // Skip the work if level debug is disabled.
    if !tracing::enabled!(target: TARGET, tracing::Level::DEBUG) {
        return;
    }
    tracing::debug!(name: "template.told", target: TARGET, function, "{function}: {}", outline(values));
}

/// Returns types and lengths. Map keys are omitted like values; field names are included.
fn outline(values: &[Value]) -> String {
    let mut out = String::new();
    list_outlines(&mut out, &unnamed(values.to_vec()), 0);
    out
}

/// A value, and the name of its field in a record.
type Named = (Option<&'static str>, Value);

fn unnamed(values: Vec<Value>) -> Vec<Named> {
    values.into_iter().map(|value| (None, value)).collect()
}

fn list_outlines(out: &mut String, values: &[Named], depth: usize) {
    for (index, (field, value)) in values.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        if out.len() > MAX_LENGTH || depth > MAX_DEPTH {
            out.push_str("...");
            return;
        }
        if let Some(field) = field {
            out.push_str(field);
            out.push(' ');
        }
        out.push_str(&type_of(value));
        let Some(length) = value.as_bytes().map(<[u8]>::len).or_else(|| value.len()) else {
            continue;
        };
        if let Some(record) = value.downcast_object_ref::<Record>() {
            out.push_str(" {");
            let fields: Vec<Named> = record
                .fields()
                .map(|(field, value)| (Some(field.go), value))
                .collect();
            list_outlines(out, &fields, depth + 1);
            out.push('}');
            continue;
        }
        // Writing to a String cannot fail.
        let _ = write!(out, " (len={length})");
        let items: Vec<Value> = match value.kind() {
            ValueKind::Seq => value.try_iter().into_iter().flatten().collect(),
            ValueKind::Map => entries(value).into_iter().map(|(_, item)| item).collect(),
            _ => continue,
        };
        out.push_str(" {");
        list_outlines(out, &unnamed(items), depth + 1);
        out.push('}');
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_outline_has_no_values() {
        let map = BTreeMap::from([("hidden key".to_owned(), Value::from(vec![1, 2]))]);
        let cases = [
            (vec![], ""),
            (
                vec![Value::from("hünd"), Value::from(7)],
                "string (len=5), int",
            ),
            (
                vec![Value::from(()), Value::from(vec!["a"])],
                "interface {}, []interface {} (len=1) {string (len=1)}",
            ),
            (
                vec![Value::from_object(map)],
                "map[string]interface {} (len=1) {[]interface {} (len=2) {int, int}}",
            ),
        ];
        for (values, outlined) in cases {
            assert_eq!(outline(&values), outlined);
        }
    }

    #[test]
    fn an_outline_is_limited() {
        let many = Value::from(vec!["x"; 10_000]);
        let outlined = outline(&[many.clone(), many]);
        assert!(
            outlined.len() < MAX_LENGTH + 100 && outlined.ends_with("...}, ..."),
            "{outlined}"
        );
    }
}
