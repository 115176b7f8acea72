//! Two maps in one, also below.
//!
//! in:  a map that is filled, and a map that it is filled from
//! out: the map that is filled; it is the same one if it can be changed, else a new one

use std::collections::BTreeMap;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::args::{Outcome, refuse, text, wrong_type};
use crate::template::dict::Dict;
use crate::template::function::FunctionError;
use crate::template::record::Record;

/// Deeper maps than any sensible data has would be too deep to walk.
const MAX_LEVELS: usize = 90;

/// Whose value stays where both maps have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Winner {
    /// That of the map that is filled, unless it is empty.
    Target,
    /// That of the map that it is filled from, unless it is an empty map and the other is none.
    Source,
}

/// Is a value a map? A record is none.
pub(super) fn is_map(value: &Value) -> bool {
    value.kind() == ValueKind::Map && value.downcast_object_ref::<Record>().is_none()
}

/// The entries of a map by text.
pub(super) fn entries(map: &Value) -> Result<BTreeMap<String, Value>, FunctionError> {
    if let Some(dict) = map.downcast_object_ref::<Dict>() {
        return Ok(dict.entries());
    }
    if !is_map(map) {
        return refuse(wrong_type("map[string]interface {}", map));
    }
    let mut entries = BTreeMap::new();
    for key in map.try_iter().into_iter().flatten() {
        let value = map.get_item(&key).unwrap_or_default();
        entries.insert(text(&key)?.to_owned(), value);
    }
    Ok(entries)
}

/// A map to fill: the same one if it can be changed.
pub(super) fn target(map: &Value) -> Outcome {
    match map.downcast_object_ref::<Dict>() {
        Some(_) => Ok(map.clone()),
        None => Ok(Dict::value(entries(map)?)),
    }
}

/// Fills one map from another.
pub(super) fn merge(target: &Value, source: &Value, winner: Winner) -> Outcome {
    merge_level(target, source, winner, 0)
}

fn merge_level(target: &Value, source: &Value, winner: Winner, level: usize) -> Outcome {
    if level > MAX_LEVELS {
        return refuse(format!("maps nested more than {MAX_LEVELS} levels deep"));
    }
    let target = self::target(target)?;
    let Some(dict) = target.downcast_object_ref::<Dict>() else {
        return Ok(target);
    };
    for (key, new) in entries(source)? {
        let chosen = match dict.get(&key) {
            Some(old) if is_map(&old) && is_map(&new) && old.is_true() => {
                merge_level(&old, &new, winner, level + 1)?
            }
            Some(old) if winner == Winner::Target && old.is_true() => continue,
            Some(_) if winner == Winner::Target && (new.is_none() || new.is_undefined()) => {
                continue;
            }
            _ => new,
        };
        dict.set(&key, chosen)?;
    }
    Ok(target)
}
