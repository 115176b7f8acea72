//! What may be told of values: their types and their lengths.

use std::fmt::Write as _;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::{MOST_LEVELS, entries, type_of};
use crate::template::record::Record;

/// What is told of values ends about here.
const MOST_TOLD: usize = 1000;

pub(super) fn tell(function: &str, values: &[Value]) {
    // Looking at values takes time, and most logs would leave it out.
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    tracing::debug!(name: "template.told", function, "{function}: {}", outline(values));
}

/// Types and lengths, and no values. The keys of a map are values too; the fields of a record are not.
fn outline(values: &[Value]) -> String {
    let mut out = String::new();
    list_outlines(&mut out, &unnamed(values.to_vec()), 0);
    out
}

/// A value, and which field of a record it is.
type Told = (Option<&'static str>, Value);

fn unnamed(values: Vec<Value>) -> Vec<Told> {
    values.into_iter().map(|value| (None, value)).collect()
}

fn list_outlines(out: &mut String, values: &[Told], level: usize) {
    for (index, (field, value)) in values.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        if out.len() > MOST_TOLD || level > MOST_LEVELS {
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
            let fields: Vec<Told> = record
                .fields()
                .map(|(field, value)| (Some(field.go), value))
                .collect();
            list_outlines(out, &fields, level + 1);
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
        list_outlines(out, &unnamed(items), level + 1);
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
        for (values, told) in cases {
            assert_eq!(outline(&values), told);
        }
    }

    #[test]
    fn an_outline_ends() {
        let many = Value::from(vec!["x"; 10_000]);
        let told = outline(&[many.clone(), many]);
        assert!(
            told.len() < MOST_TOLD + 100 && told.ends_with("...}, ..."),
            "{told}"
        );
    }
}
