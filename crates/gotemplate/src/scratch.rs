//! consul-template's `scratch`: values that a template stores during a rendering.
//!
//! Both languages call its methods through minijinja's `Object`, by their Go names (`MapSet`) or their Jinja names
//! (`map_set`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Object, ObjectRepr, Value, ValueKind};
use minijinja::{Error, ErrorKind, State};

use crate::dict::Dict;
use crate::record::{NilList, Record, TypedMap};

/// The values that a template stores during one rendering.
#[derive(Debug, Default)]
pub struct Scratch {
    values: Mutex<BTreeMap<String, Value>>,
}

impl Scratch {
    /// The names of its methods in Go templates.
    pub const METHODS: [&str; 7] = [
        "Key",
        "Get",
        "Set",
        "SetX",
        "MapSet",
        "MapSetX",
        "MapValues",
    ];

    fn values(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        // A panic cannot leave a partial change.
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, key: &str) -> Value {
        self.values()
            .get(key)
            .cloned()
            .unwrap_or_else(|| Value::from(()))
    }

    fn set(&self, key: &str, value: &Value, only_new: bool) {
        let mut values = self.values();
        if !(only_new && values.contains_key(key)) {
            values.insert(key.to_owned(), value.clone());
        }
    }

    fn map_set(&self, key: &str, entry: &str, value: &Value, only_new: bool) -> Result<(), Error> {
        let map = self.map(key)?;
        let Some(dict) = map.downcast_object_ref::<Dict>() else {
            return Err(not_a_map(key));
        };
        if only_new && dict.get(entry).is_some() {
            return Ok(());
        }
        dict.set(entry, value.clone())
            .map_err(|error| invalid(error.to_string()))
    }

    /// The map of a key, converted to a [`Dict`]; a new one if the key is missing.
    fn map(&self, key: &str) -> Result<Value, Error> {
        let mut values = self.values();
        let slot = values
            .entry(key.to_owned())
            .or_insert_with(|| Dict::value(BTreeMap::new()));
        if slot.downcast_object_ref::<Dict>().is_none() {
            *slot = Dict::value(entries(slot).ok_or_else(|| not_a_map(key))?);
        }
        Ok(slot.clone())
    }

    /// The values of a map in the order of its keys; a nil list for a missing key, and for what is not a map.
    fn map_values(&self, key: &str) -> Value {
        let value = self.get(key);
        let entries = match value.downcast_object_ref::<Dict>() {
            Some(dict) => Some(dict.entries()),
            None => entries(&value),
        };
        entries.map_or_else(
            || Value::from_object(NilList),
            |entries| entries.into_values().collect(),
        )
    }
}

/// The entries of a `map[string]interface {}`.
fn entries(value: &Value) -> Option<BTreeMap<String, Value>> {
    let typed = value.downcast_object_ref::<Record>().is_some()
        || value.downcast_object_ref::<TypedMap>().is_some();
    if typed || value.kind() != ValueKind::Map {
        return None;
    }
    let mut entries = BTreeMap::new();
    for key in value.try_iter().ok()? {
        entries.insert(key.as_str()?.to_owned(), value.get_item(&key).ok()?);
    }
    Some(entries)
}

fn not_a_map(key: &str) -> Error {
    invalid(format!("{key:?} is not a map"))
}

fn invalid(text: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}

impl Object for Scratch {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let wanted = match method {
            "Key" | "key" | "Get" | "get" | "MapValues" | "map_values" => 1,
            "Set" | "set" | "SetX" | "set_x" => 2,
            "MapSet" | "map_set" | "MapSetX" | "map_set_x" => 3,
            _ => {
                return Err(Error::new(
                    ErrorKind::UnknownMethod,
                    format!("scratch has no method {method:?}"),
                ));
            }
        };
        if args.len() != wanted {
            return Err(invalid(format!(
                "wrong number of args for {method}: want {wanted} got {}",
                args.len()
            )));
        }
        let text = |index: usize| {
            let text = args.get(index).and_then(Value::as_str);
            text.ok_or_else(|| {
                invalid(format!("{method}: argument {} must be a string", index + 1))
            })
        };
        let key = text(0)?;
        match method {
            "Key" | "key" => return Ok(Value::from(self.values().contains_key(key))),
            "Get" | "get" => return Ok(self.get(key)),
            "MapValues" | "map_values" => return Ok(self.map_values(key)),
            "Set" | "set" => self.set(key, &args[1], false),
            "SetX" | "set_x" => self.set(key, &args[1], true),
            "MapSet" | "map_set" => self.map_set(key, text(1)?, &args[2], false)?,
            _ => self.map_set(key, text(1)?, &args[2], true)?,
        }
        Ok(Value::from(""))
    }
}

#[cfg(test)]
mod tests {
    use minijinja::Environment;

    use super::*;

    fn call(scratch: &Value, method: &str, args: &[Value]) -> Result<Value, Error> {
        scratch.call_method(&mut Environment::empty().empty_state(), method, args)
    }

    #[test]
    fn values_are_stored_and_returned() {
        let scratch = Value::from_object(Scratch::default());
        assert!(call(&scratch, "Get", &["a".into()]).unwrap().is_none());
        assert_eq!(
            call(&scratch, "Set", &["a".into(), 1.into()]).unwrap(),
            Value::from("")
        );
        call(&scratch, "SetX", &["a".into(), 2.into()]).unwrap();
        call(&scratch, "set_x", &["b".into(), 2.into()]).unwrap();
        assert_eq!(
            call(&scratch, "get", &["a".into()]).unwrap(),
            Value::from(1)
        );
        assert_eq!(
            call(&scratch, "Get", &["b".into()]).unwrap(),
            Value::from(2)
        );
        assert!(call(&scratch, "Key", &["a".into()]).unwrap().is_true());
        assert!(!call(&scratch, "Key", &["c".into()]).unwrap().is_true());
    }

    #[test]
    fn map_values_are_sorted_by_key() {
        let scratch = Value::from_object(Scratch::default());
        for (method, entry, value) in [
            ("MapSet", "z", 1),
            ("map_set", "a", 2),
            ("MapSetX", "a", 3),
            ("map_set_x", "m", 4),
        ] {
            assert_eq!(
                call(&scratch, method, &["m".into(), entry.into(), value.into()]).unwrap(),
                Value::from("")
            );
        }
        assert_eq!(
            call(&scratch, "MapValues", &["m".into()]).unwrap(),
            Value::from(vec![2, 4, 1])
        );
        assert_eq!(
            call(&scratch, "MapValues", &["none".into()]).unwrap(),
            Value::from(Vec::<i64>::new())
        );
        assert_eq!(
            call(&scratch, "Get", &["m".into()])
                .unwrap()
                .get_attr("z")
                .unwrap(),
            Value::from(1)
        );
    }

    #[test]
    fn entries_can_be_added_to_a_map_that_was_set() {
        let scratch = Value::from_object(Scratch::default());
        let whole = Value::from_object(BTreeMap::from([("a".to_owned(), Value::from(1))]));
        call(&scratch, "Set", &["m".into(), whole]).unwrap();
        call(&scratch, "MapSet", &["m".into(), "b".into(), 2.into()]).unwrap();
        assert_eq!(
            call(&scratch, "MapValues", &["m".into()]).unwrap(),
            Value::from(vec![1, 2])
        );
    }

    #[test]
    fn row_12_map_values_of_what_is_no_map_is_a_nil_list() {
        let scratch = Value::from_object(Scratch::default());
        let typed = TypedMap::of_text(&BTreeMap::from([("a".to_owned(), "b".to_owned())]));
        for value in [
            true.into(),
            1.into(),
            "x".into(),
            vec![1].into(),
            ().into(),
            typed,
        ] {
            call(&scratch, "Set", &["a".into(), value]).unwrap();
            for key in ["a", "missing"] {
                let values = call(&scratch, "MapValues", &[key.into()]).unwrap();
                assert_eq!(values.len(), Some(0));
                assert!(values.downcast_object_ref::<NilList>().is_some());
            }
        }
    }

    #[test]
    fn misuse_is_an_error_that_names_no_value() {
        let scratch = Value::from_object(Scratch::default());
        call(&scratch, "Set", &["a".into(), "secret".into()]).unwrap();
        let error = call(&scratch, "MapSet", &["a".into(), "b".into(), 1.into()]).unwrap_err();
        assert_eq!(error.detail(), Some("\"a\" is not a map"));
        assert_eq!(
            call(&scratch, "Set", &["a".into()]).unwrap_err().detail(),
            Some("wrong number of args for Set: want 2 got 1")
        );
        assert_eq!(
            call(&scratch, "Get", &[1.into()]).unwrap_err().detail(),
            Some("Get: argument 1 must be a string")
        );
        assert_eq!(
            call(&scratch, "Nope", &[]).unwrap_err().kind(),
            ErrorKind::UnknownMethod
        );
    }
}
