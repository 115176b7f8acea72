//! Functions that create and change maps with string keys, and return parts of them.

use std::collections::BTreeMap;

use minijinja::Value;

use super::{cast, first_and_rest, sprig};
use crate::args::{FunctionResult, fail, text, wrong_type};
use crate::function::{Call, Function, FunctionError};
use crate::merge::{self, Precedence};
use gotemplate::dict::{self, Dict};
use gotemplate::record::TypedMap;

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_dict", "sprig_dict"],
        "(keysAndValues ...any) map[string]any",
        "A map of alternating keys and values; sprig_set can change it.",
        make,
    ),
    sprig(
        ["sprig_get", "sprig_get"],
        "(map map[string]any, key string) any",
        "The value of a key, or an empty string if the key is missing.",
        |call| {
            let [map, key] = call.exactly("sprig_get")?;
            Ok(entry(map, text(key)?)?.unwrap_or_else(|| Value::from("")))
        },
    ),
    sprig(
        ["sprig_set", "sprig_set"],
        "(map map[string]any, key string, value any) map[string]any",
        "Sets a key of a map, and returns the map.",
        |call| {
            let [map, key, value] = call.exactly("sprig_set")?;
            mutable(map)?.set(text(key)?, value.clone())?;
            Ok(map.clone())
        },
    ),
    sprig(
        ["sprig_unset", "sprig_unset"],
        "(map map[string]any, key string) map[string]any",
        "Removes a key from a map, and returns the map.",
        |call| {
            let [map, key] = call.exactly("sprig_unset")?;
            let key = text(key)?;
            if merge::is_nil(map) {
                return Ok(TypedMap::nil());
            }
            mutable(map)?.remove(key);
            Ok(map.clone())
        },
    ),
    sprig(
        ["sprig_hasKey", "sprig_has_key"],
        "(map map[string]any, key string) bool",
        "Whether a map has a key.",
        |call| {
            let [map, key] = call.exactly("sprig_hasKey")?;
            Ok(Value::from(entry(map, text(key)?)?.is_some()))
        },
    ),
    sprig(
        ["sprig_pluck", "sprig_pluck"],
        "(key string, maps ...map[string]any) []any",
        "The values of a key in the maps that have it.",
        |call| {
            let (key, maps) = first_and_rest(call, "sprig_pluck")?;
            let key = text(key)?;
            let found: Vec<Option<Value>> = maps
                .iter()
                .map(|map| entry(map, key))
                .collect::<Result<_, _>>()?;
            Ok(found.into_iter().flatten().collect())
        },
    ),
    sprig(
        ["sprig_keys", "sprig_keys"],
        "(maps ...map[string]any) []string",
        "The keys of maps, sorted for each map (in sprig their order is random).",
        |call| {
            let maps: Vec<_> = call.args.iter().map(entries).collect::<Result<_, _>>()?;
            Ok(maps
                .into_iter()
                .flat_map(BTreeMap::into_keys)
                .map(Value::from)
                .collect())
        },
    ),
    sprig(
        ["sprig_values", "sprig_values"],
        "(map map[string]any) []any",
        "The values of a map in the order of its keys (in sprig their order is random).",
        |call| {
            let [map] = call.exactly("sprig_values")?;
            Ok(entries(map)?.into_values().collect())
        },
    ),
    sprig(
        ["sprig_pick", "sprig_pick"],
        "(map map[string]any, keys ...string) map[string]any",
        "A map with only these keys.",
        |call| select(call, "sprig_pick", true),
    ),
    sprig(
        ["sprig_omit", "sprig_omit"],
        "(map map[string]any, keys ...string) map[string]any",
        "A map without these keys.",
        |call| select(call, "sprig_omit", false),
    ),
    sprig(
        ["sprig_merge", "sprig_merge"],
        "(target map[string]any, sources ...map[string]any) map[string]any",
        "Merges maps into the first, nested maps included; a value of an earlier map is kept unless it is empty.",
        |call| merged(call, "sprig_merge", Precedence::Target),
    ),
    sprig(
        ["sprig_mustMerge", "sprig_must_merge"],
        "(target map[string]any, sources ...map[string]any) map[string]any",
        "The same as sprig_merge.",
        |call| merged(call, "sprig_mustMerge", Precedence::Target),
    ),
    sprig(
        ["sprig_mergeOverwrite", "sprig_merge_overwrite"],
        "(target map[string]any, sources ...map[string]any) map[string]any",
        "Merges maps into the first, nested maps included; a value of a later map takes precedence.",
        |call| merged(call, "sprig_mergeOverwrite", Precedence::Source),
    ),
    sprig(
        ["sprig_mustMergeOverwrite", "sprig_must_merge_overwrite"],
        "(target map[string]any, sources ...map[string]any) map[string]any",
        "The same as sprig_mergeOverwrite.",
        |call| merged(call, "sprig_mustMergeOverwrite", Precedence::Source),
    ),
    sprig(
        ["sprig_dig", "sprig_dig"],
        "(keys ...string, default any, map map[string]any) any",
        "The value at a path of keys in nested maps, or the default if a key is missing.",
        dig,
    ),
];

fn make(call: &Call<'_>) -> FunctionResult {
    let mut entries = BTreeMap::new();
    for pair in call.args.chunks(2) {
        let [key, rest @ ..] = pair else { continue };
        let value = rest.first().cloned().unwrap_or_else(|| Value::from(""));
        entries.insert(cast::text(key)?, value);
    }
    Dict::checked(entries)
}

/// Returns the map as a mutable one; an error if it is immutable.
fn mutable(map: &Value) -> Result<&Dict, FunctionError> {
    match map.downcast_object_ref::<Dict>() {
        Some(dict) => Ok(dict),
        None if merge::is_map(map) => fail(format!(
            "wrong type for value; expected map[string]interface {{}}; got {} (sprig_dict makes a mutable map)",
            gotemplate::go_fmt::type_name(map)
        )),
        None => fail(wrong_type("map[string]interface {}", map)),
    }
}

fn entries(map: &Value) -> Result<BTreeMap<String, Value>, FunctionError> {
    merge::entries(map)
}

fn entry(map: &Value, key: &str) -> Result<Option<Value>, FunctionError> {
    match map.as_object() {
        Some(object) if merge::is_map(map) => Ok(object.get_value_by_str(key)),
        None if map.is_none() => Ok(None),
        _ => fail(wrong_type("map[string]interface {}", map)),
    }
}

/// Returns the entries with the given keys if `keep` is set, otherwise all others.
fn select(call: &Call<'_>, name: &str, keep: bool) -> FunctionResult {
    let (map, keys) = first_and_rest(call, name)?;
    let keys: Vec<&str> = keys.iter().map(text).collect::<Result<_, _>>()?;
    let mut entries = entries(map)?;
    entries.retain(|key, _| keys.contains(&key.as_str()) == keep);
    Ok(Dict::value(entries))
}

fn merged(call: &Call<'_>, name: &str, precedence: Precedence) -> FunctionResult {
    let (target, sources) = first_and_rest(call, name)?;
    let mut result = if merge::is_nil(target) {
        TypedMap::nil()
    } else {
        merge::target(target)?
    };
    for source in sources {
        result = merge::merge(call, &result, source, precedence)?;
    }
    dict::within_limits(result)
}

fn dig(call: &Call<'_>) -> FunctionResult {
    let [keys @ .., default, map] = call.args else {
        return fail("dig needs at least three arguments");
    };
    if keys.is_empty() {
        return fail("dig needs at least three arguments");
    }
    let keys: Vec<&str> = keys.iter().map(text).collect::<Result<_, _>>()?;
    let mut found = map.clone();
    for key in keys {
        if found.is_none() {
            return fail(wrong_type("map[string]interface {}", &found));
        }
        match entry(&found, key)? {
            Some(value) => found = value,
            None => return Ok(default.clone()),
        }
    }
    Ok(found)
}
