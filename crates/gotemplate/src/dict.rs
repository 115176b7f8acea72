//! Go's `map[string]interface {}`: a map that a template can change.
//!
//! in:  entries by text
//! out: a value; a change (`sprig_set`, `mergeMap`) is visible through all of its clones
//!
//! A map could be put into itself, or grow deeper with each iteration; code that walks it would not end. So each map
//! records how deep it lies in other maps, and refuses values that would be nested too deep.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};

use crate::function_error::FunctionError;
use crate::record::Record;

/// How deep lists and maps may be nested.
const MOST_LEVELS: usize = 100;

/// How many values there may be in what is put into a map.
const MOST_VALUES: usize = 1_000_000;

/// A map by text that can be changed.
#[derive(Debug, Default)]
pub struct Dict {
    entries: Mutex<BTreeMap<String, Value>>,
    /// How deep it has been put into other maps.
    level: AtomicUsize,
}

impl Dict {
    /// A map with these entries, which are not nested deeper than text can be that was read.
    pub fn value(entries: BTreeMap<String, Value>) -> Value {
        Value::from_object(Self {
            entries: Mutex::new(entries),
            level: AtomicUsize::new(0),
        })
    }

    /// A map with these entries.
    ///
    /// # Errors
    /// When it would be nested too deep.
    pub fn checked(entries: BTreeMap<String, Value>) -> Result<Value, FunctionError> {
        within_limits(Self::value(entries))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        // The lock is held for one change; a panic in between leaves the map whole.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entries as they are now.
    pub fn entries(&self) -> BTreeMap<String, Value> {
        self.lock().clone()
    }

    /// The entry of a key.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.lock().get(key).cloned()
    }

    /// Puts an entry in.
    ///
    /// # Errors
    /// When the map would hold itself, or be nested too deep.
    pub fn set(&self, key: &str, value: Value) -> Result<(), FunctionError> {
        let level = self.level.load(Ordering::Relaxed) + 1;
        Walk {
            host: Some(self),
            left: MOST_VALUES,
        }
        .visit(&value, level)?;
        // What stood there goes after the lock: it may be a map, and a deep one.
        let before = self.lock().insert(key.to_owned(), value);
        drop(before);
        Ok(())
    }

    /// Takes an entry out.
    pub fn remove(&self, key: &str) {
        let before = self.lock().remove(key);
        drop(before);
    }
}

/// A new list or map, if it is not nested too deep.
///
/// # Errors
/// When it is nested too deep, or holds too much.
pub fn within_limits(value: Value) -> Result<Value, FunctionError> {
    Walk {
        host: None,
        left: MOST_VALUES,
    }
    .visit(&value, 0)?;
    Ok(value)
}

/// Walks the lists in a list, and nothing else.
///
/// # Errors
/// When they are nested too deep, or hold too much.
pub fn check_lists(list: &Value) -> Result<(), FunctionError> {
    Walk {
        host: None,
        left: MOST_VALUES,
    }
    .visit_lists(list, 0)
}

fn too_deep() -> FunctionError {
    FunctionError::new(format!(
        "maps and lists nested more than {MOST_LEVELS} levels deep"
    ))
}

/// A walk over everything in a value.
struct Walk<'d> {
    /// The map that it is put into.
    host: Option<&'d Dict>,
    /// How many values may still come.
    left: usize,
}

impl Walk<'_> {
    fn count(&mut self) -> Result<(), FunctionError> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            FunctionError::new(format!(
                "a map or a list with more than {MOST_VALUES} values in all levels"
            ))
        })?;
        Ok(())
    }

    fn visit_lists(&mut self, list: &Value, level: usize) -> Result<(), FunctionError> {
        if level > MOST_LEVELS {
            return Err(too_deep());
        }
        for item in list.try_iter().into_iter().flatten() {
            self.count()?;
            if item.kind() == ValueKind::Seq {
                self.visit_lists(&item, level + 1)?;
            }
        }
        Ok(())
    }

    fn visit(&mut self, value: &Value, level: usize) -> Result<(), FunctionError> {
        self.count()?;
        match value.kind() {
            ValueKind::Seq | ValueKind::Map if level > MOST_LEVELS => return Err(too_deep()),
            ValueKind::Seq => {
                for item in value.try_iter().into_iter().flatten() {
                    self.visit(&item, level + 1)?;
                }
            }
            ValueKind::Map => self.visit_map(value, level)?,
            _ => {}
        }
        Ok(())
    }

    fn visit_map(&mut self, map: &Value, level: usize) -> Result<(), FunctionError> {
        let Some(object) = map.as_object() else {
            return Ok(());
        };
        if object.downcast_ref::<Record>().is_some() {
            return Ok(());
        }
        if let Some(dict) = object.downcast_ref::<Dict>() {
            if self.host.is_some_and(|host| std::ptr::eq(host, dict)) {
                return Err(FunctionError::new("a map cannot hold itself"));
            }
            dict.level.fetch_max(level, Ordering::Relaxed);
        }
        for (_, value) in object.try_iter_pairs().into_iter().flatten() {
            self.visit(&value, level + 1)?;
        }
        Ok(())
    }
}

impl Object for Dict {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.get(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(
            self.lock()
                .keys()
                .map(|key| Value::from(key.as_str()))
                .collect(),
        )
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.lock().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dict(value: &Value) -> &Dict {
        value.downcast_object_ref::<Dict>().unwrap()
    }

    #[test]
    fn a_change_is_visible_through_all_clones() {
        let map = Dict::value(BTreeMap::new());
        let holder = Value::from(vec![map.clone()]);
        dict(&map).set("a", Value::from(1)).unwrap();
        assert_eq!(holder.to_string(), "[{'a': 1}]");
        dict(&map).remove("a");
        assert_eq!((map.len(), map.is_true()), (Some(0), false));
    }

    #[test]
    fn a_map_never_holds_itself() {
        let (outer, inner) = (Dict::value(BTreeMap::new()), Dict::value(BTreeMap::new()));
        dict(&outer)
            .set("inner", Value::from(vec![inner.clone()]))
            .unwrap();
        for host in [&outer, &inner] {
            let error = dict(host)
                .set("x", Value::from(vec![outer.clone()]))
                .unwrap_err();
            assert_eq!(error.to_string(), "a map cannot hold itself");
        }
    }

    #[test]
    fn a_map_grows_deep_neither_at_its_head_nor_at_its_end() {
        let mut head = Dict::value(BTreeMap::new());
        let grown = (0..1000).find_map(|_| {
            match Dict::checked(BTreeMap::from([("in".to_owned(), head.clone())])) {
                Ok(deeper) => {
                    head = deeper;
                    None
                }
                Err(error) => Some(error.to_string()),
            }
        });
        assert_eq!(
            grown.unwrap(),
            "maps and lists nested more than 100 levels deep"
        );
        let mut end = Dict::value(BTreeMap::new());
        let grown = (0..1000).find_map(|_| {
            let deeper = Dict::value(BTreeMap::new());
            let set = dict(&end).set("in", deeper.clone());
            end = deeper;
            set.err()
        });
        assert!(grown.is_some());
        let mut wide = Value::from(1);
        let grown = (0..1000).find_map(|_| {
            match within_limits(Value::from(vec![wide.clone(), wide.clone()])) {
                Ok(wider) => {
                    wide = wider;
                    None
                }
                Err(error) => Some(error.to_string()),
            }
        });
        assert_eq!(
            grown.unwrap(),
            "a map or a list with more than 1000000 values in all levels"
        );
    }
}
