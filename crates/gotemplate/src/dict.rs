//! Go's `map[string]interface {}`: a map that a template can change.
//!
//! Input: entries with string keys. Output: a value. A change (`sprig_set`, `mergeMap`) is visible through all clones.
//!
//! Code that walks a map would not end if the map contained itself or grew deeper with each iteration. So each map
//! records how deep it is nested in other maps, and rejects values that would be nested too deep.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};

use crate::function_error::FunctionError;
use crate::record::Record;

/// The maximum nesting of lists and maps.
const MAX_LEVELS: usize = 100;

/// The maximum number of values, on all levels, in a value that is added to a map.
const MAX_VALUES: usize = 1_000_000;

/// A map with string keys that can be changed.
#[derive(Debug, Default)]
pub struct Dict {
    entries: Mutex<BTreeMap<String, Value>>,
    /// Its depth in other maps.
    level: AtomicUsize,
}

impl Dict {
    /// Creates a map without a check: for entries whose nesting is limited already, such as parsed JSON.
    pub fn value(entries: BTreeMap<String, Value>) -> Value {
        Value::from_object(Self {
            entries: Mutex::new(entries),
            level: AtomicUsize::new(0),
        })
    }

    /// Creates a map.
    ///
    /// # Errors
    /// If it would be nested too deep.
    pub fn checked(entries: BTreeMap<String, Value>) -> Result<Value, FunctionError> {
        within_limits(Self::value(entries))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        // The lock is held for one change; a panic in between cannot leave a partial change.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of the entries.
    pub fn entries(&self) -> BTreeMap<String, Value> {
        self.lock().clone()
    }

    /// The entry of a key.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.lock().get(key).cloned()
    }

    /// Sets an entry.
    ///
    /// # Errors
    /// If the map would contain itself, or be nested too deep.
    pub fn set(&self, key: &str, value: Value) -> Result<(), FunctionError> {
        let level = self.level.load(Ordering::Relaxed) + 1;
        Walk {
            target: Some(self),
            values_left: MAX_VALUES,
        }
        .visit(&value, level)?;
        // Drop the old value after the lock is released: it may be a deep map.
        let before = self.lock().insert(key.to_owned(), value);
        drop(before);
        Ok(())
    }

    /// Removes an entry.
    pub fn remove(&self, key: &str) {
        let before = self.lock().remove(key);
        drop(before);
    }
}

/// Returns the value if it is within the limits for nesting and size.
///
/// # Errors
/// If it is nested too deep, or has too many values.
pub fn within_limits(value: Value) -> Result<Value, FunctionError> {
    Walk {
        target: None,
        values_left: MAX_VALUES,
    }
    .visit(&value, 0)?;
    Ok(value)
}

/// Checks the lists in a list, but not the maps in it.
///
/// # Errors
/// If they are nested too deep, or have too many values.
pub fn check_lists(list: &Value) -> Result<(), FunctionError> {
    Walk {
        target: None,
        values_left: MAX_VALUES,
    }
    .visit_lists(list, 0)
}

fn too_deep() -> FunctionError {
    FunctionError::new(format!(
        "maps and lists nested more than {MAX_LEVELS} levels deep"
    ))
}

/// A walk over all values in a value.
struct Walk<'d> {
    /// The map that the value is added to.
    target: Option<&'d Dict>,
    /// The number of values that are still allowed.
    values_left: usize,
}

impl Walk<'_> {
    fn count(&mut self) -> Result<(), FunctionError> {
        self.values_left = self.values_left.checked_sub(1).ok_or_else(|| {
            FunctionError::new(format!(
                "a map or a list with more than {MAX_VALUES} values in all levels"
            ))
        })?;
        Ok(())
    }

    fn visit_lists(&mut self, list: &Value, level: usize) -> Result<(), FunctionError> {
        if level > MAX_LEVELS {
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
            ValueKind::Seq | ValueKind::Map if level > MAX_LEVELS => return Err(too_deep()),
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
            if self.target.is_some_and(|target| std::ptr::eq(target, dict)) {
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
    fn a_map_cannot_contain_itself() {
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
    fn the_nesting_is_limited_however_a_map_grows() {
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
