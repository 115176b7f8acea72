//! Maps by text: making them, changing them, taking their parts.

use std::collections::BTreeMap;

use minijinja::Value;

use super::{cast, first_and_rest, sprig};
use crate::template::dict::{self, Dict};
use crate::template::function::{Call, Function, FunctionError};
use crate::template::functions::args::{Outcome, refuse, text, wrong_type};
use crate::template::functions::merge::{self, Winner};

pub(in crate::template::functions) static TABLE: &[Function] = &[
    sprig(
        ["sprig_dict", "sprig_dict"],
        "(keysAndValues ...any) map[string]any",
        "A map of keys and values by turns; it can be changed by sprig_set.",
        make,
    ),
    sprig(
        ["sprig_get", "sprig_get"],
        "(map map[string]any, key string) any",
        "The value of a key, or an empty text.",
        |call| {
            let [map, key] = call.exactly("sprig_get")?;
            Ok(entry(map, text(key)?)?.unwrap_or_else(|| Value::from("")))
        },
    ),
    sprig(
        ["sprig_set", "sprig_set"],
        "(map map[string]any, key string, value any) map[string]any",
        "Changes a map, and yields it.",
        |call| {
            let [map, key, value] = call.exactly("sprig_set")?;
            changeable(map)?.set(text(key)?, value.clone())?;
            Ok(map.clone())
        },
    ),
    sprig(
        ["sprig_unset", "sprig_unset"],
        "(map map[string]any, key string) map[string]any",
        "Takes a key out of a map, and yields the map.",
        |call| {
            let [map, key] = call.exactly("sprig_unset")?;
            changeable(map)?.remove(text(key)?);
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
        "The values of a key in those maps that have it.",
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
        "The keys of maps, sorted map by map (in sprig they are in no order).",
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
        "The values of a map, in the order of its keys (in sprig they are in no order).",
        |call| {
            let [map] = call.exactly("sprig_values")?;
            Ok(entries(map)?.into_values().collect())
        },
    ),
    sprig(
        ["sprig_pick", "sprig_pick"],
        "(map map[string]any, keys ...string) map[string]any",
        "A map with these keys only.",
        |call| chosen(call, "sprig_pick", true),
    ),
    sprig(
        ["sprig_omit", "sprig_omit"],
        "(map map[string]any, keys ...string) map[string]any",
        "A map without these keys.",
        |call| chosen(call, "sprig_omit", false),
    ),
    sprig(
        ["sprig_merge", "sprig_merge"],
        "(target map[string]any, sources ...map[string]any) map[string]any",
        "Puts maps into the first one, also below; where both have a value, the first keeps its own unless it is empty.",
        |call| merged(call, "sprig_merge", Winner::Target),
    ),
    sprig(
        ["sprig_mustMerge", "sprig_must_merge"],
        "(target map[string]any, sources ...map[string]any) map[string]any",
        "The same as sprig_merge.",
        |call| merged(call, "sprig_mustMerge", Winner::Target),
    ),
    sprig(
        ["sprig_mergeOverwrite", "sprig_merge_overwrite"],
        "(target map[string]any, sources ...map[string]any) map[string]any",
        "Puts maps into the first one, also below; where both have a value, the later one wins.",
        |call| merged(call, "sprig_mergeOverwrite", Winner::Source),
    ),
    sprig(
        ["sprig_mustMergeOverwrite", "sprig_must_merge_overwrite"],
        "(target map[string]any, sources ...map[string]any) map[string]any",
        "The same as sprig_mergeOverwrite.",
        |call| merged(call, "sprig_mustMergeOverwrite", Winner::Source),
    ),
    sprig(
        ["sprig_dig", "sprig_dig"],
        "(keys ...string, default any, map map[string]any) any",
        "The value at the end of a path of keys, or the default where a key is missing.",
        dig,
    ),
];

fn make(call: &Call<'_>) -> Outcome {
    let mut entries = BTreeMap::new();
    for pair in call.args.chunks(2) {
        let [key, rest @ ..] = pair else { continue };
        let value = rest.first().cloned().unwrap_or_else(|| Value::from(""));
        entries.insert(cast::text(key)?, value);
    }
    Dict::checked(entries)
}

/// A map that can be changed.
fn changeable(map: &Value) -> Result<&Dict, FunctionError> {
    match map.downcast_object_ref::<Dict>() {
        Some(dict) => Ok(dict),
        None if merge::is_map(map) => refuse(format!(
            "wrong type for value; expected map[string]interface {{}}; got {} (sprig_dict makes a map that can be changed)",
            crate::template::go::show::type_of(map)
        )),
        None => refuse(wrong_type("map[string]interface {}", map)),
    }
}

fn entries(map: &Value) -> Result<BTreeMap<String, Value>, FunctionError> {
    merge::entries(map)
}

fn entry(map: &Value, key: &str) -> Result<Option<Value>, FunctionError> {
    match map.as_object() {
        Some(object) if merge::is_map(map) => Ok(object.get_value_by_str(key)),
        _ => refuse(wrong_type("map[string]interface {}", map)),
    }
}

fn chosen(call: &Call<'_>, name: &str, named: bool) -> Outcome {
    let (map, keys) = first_and_rest(call, name)?;
    let keys: Vec<&str> = keys.iter().map(text).collect::<Result<_, _>>()?;
    let mut entries = entries(map)?;
    entries.retain(|key, _| keys.contains(&key.as_str()) == named);
    Ok(Dict::value(entries))
}

fn merged(call: &Call<'_>, name: &str, winner: Winner) -> Outcome {
    let (target, sources) = first_and_rest(call, name)?;
    let mut result = merge::target(target)?;
    for source in sources {
        result = merge::merge(&result, source, winner)?;
    }
    dict::within_limits(result)
}

fn dig(call: &Call<'_>) -> Outcome {
    let [keys @ .., default, map] = call.args else {
        return refuse("dig needs at least three arguments");
    };
    if keys.is_empty() {
        return refuse("dig needs at least three arguments");
    }
    let keys: Vec<&str> = keys.iter().map(text).collect::<Result<_, _>>()?;
    let mut found = map.clone();
    for key in keys {
        match entry(&found, key)? {
            Some(value) => found = value,
            None => return Ok(default.clone()),
        }
    }
    Ok(found)
}
