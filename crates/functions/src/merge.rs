//! Merges maps, including nested maps.
//!
//! Input: a target and a source. Output: the target, or a changed copy if the target is immutable.

use std::collections::BTreeMap;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::args::{FunctionResult, fail, text, wrong_type};
use crate::function::{Call, FunctionError};
use gotemplate::dict::Dict;
use gotemplate::record::{Record, TypedMap, is_typed_nil};

/// The maximum nesting depth of maps.
const MAX_DEPTH: usize = 90;

/// The value that takes precedence if both maps have a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precedence {
    /// The value of the target, unless it is empty.
    Target,
    /// The value of the source.
    Source,
}

/// Returns `true` if the value is a map. Records do not count as maps.
pub(super) fn is_map(value: &Value) -> bool {
    value.kind() == ValueKind::Map && value.downcast_object_ref::<Record>().is_none()
}

/// Returns the entries of a map with string keys; none for nil.
pub(super) fn entries(map: &Value) -> Result<BTreeMap<String, Value>, FunctionError> {
    if let Some(dict) = map.downcast_object_ref::<Dict>() {
        return Ok(dict.entries());
    }
    if map.is_none() {
        return Ok(BTreeMap::new());
    }
    if !is_map(map) {
        return fail(wrong_type("map[string]interface {}", map));
    }
    let mut entries = BTreeMap::new();
    for key in map.try_iter().into_iter().flatten() {
        let value = map.get_item(&key).unwrap_or_default();
        entries.insert(text(&key)?.to_owned(), value);
    }
    Ok(entries)
}

/// Returns the map to merge into: the target, or a copy if the target is immutable.
pub(super) fn target(map: &Value) -> FunctionResult {
    match map.downcast_object_ref::<Dict>() {
        Some(_) => Ok(map.clone()),
        None => Ok(Dict::value(entries(map)?)),
    }
}

/// Returns `true` for nil, and for a nil map.
pub(super) fn is_nil(map: &Value) -> bool {
    map.is_none() || (is_map(map) && is_typed_nil(map))
}

/// Merges the source into the target.
pub(super) fn merge(
    call: &Call<'_>,
    target: &Value,
    source: &Value,
    precedence: Precedence,
) -> FunctionResult {
    if is_nil(target) && is_nil(source) {
        return Ok(TypedMap::nil());
    }
    merge_nested(call, target, source, precedence, 0)
}

fn merge_nested(
    call: &Call<'_>,
    target: &Value,
    source: &Value,
    precedence: Precedence,
    depth: usize,
) -> FunctionResult {
    if depth > MAX_DEPTH {
        return fail(format!("maps nested more than {MAX_DEPTH} levels deep"));
    }
    let target = self::target(target)?;
    let Some(dict) = target.downcast_object_ref::<Dict>() else {
        return Ok(target);
    };
    for (key, new) in entries(source)? {
        call.spend(1)?;
        let chosen = match dict.get(&key) {
            Some(old) if is_map(&old) && is_map(&new) => {
                let merged = merge_nested(call, &old, &new, precedence, depth + 1)?;
                if merged.is_true() { merged } else { new }
            }
            Some(old) if precedence == Precedence::Target && old.is_true() => continue,
            // A nil value is not merged into the target, even if the target does not have its key.
            _ if precedence == Precedence::Target && (new.is_none() || new.is_undefined()) => {
                continue;
            }
            _ => new,
        };
        dict.set(&key, chosen)?;
    }
    Ok(target)
}
