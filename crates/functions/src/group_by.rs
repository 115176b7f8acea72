//! Grouping: key pairs by folder, services by tag, port or metadata; nested maps.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;

use super::args::{FunctionResult, fail, integer, text, wrong_type};
use super::merge::{self, Precedence};
use crate::function::{Call, Function, FunctionError, Group};
use gotemplate::dict::{self, Dict};
use gotemplate::record::{Fields, NumberedMap, Record, Schema, TypedMap};

const PAIR: &str = "*dependency.KeyPair";
const SERVICE: &str = "*dependency.HealthService";

/// The type of a pair that a map does not have.
static NO_PAIR: Schema = Schema {
    name: PAIR,
    fields: &[],
};

row_constructor!(shape, Group::Shape);

pub(super) static TABLE: &[Function] = &[
    shape(
        ["byKey", "by_key"],
        "(pairs []pair) map[string]map[string]pair",
        "The pairs of ls or tree, grouped by the first part of their key and then by the rest of it.",
        by_key,
    ),
    shape(
        ["byTag", "by_tag"],
        "(services []service) map[string][]service",
        "The services, grouped by tag.",
        by_tag,
    ),
    shape(
        ["byPort", "by_port"],
        "(services []service) map[int][]service",
        "The services, grouped by port.",
        by_port,
    ),
    shape(
        ["byMeta", "by_meta"],
        "(keys string, services []service) map[string][]service",
        "The services, grouped by metadata: byMeta \"version,weight|int\".",
        by_meta,
    ),
    shape(
        ["explode", "explode"],
        "(pairs []pair) map[string]any",
        "The pairs of tree as nested maps, one for each folder.",
        explode,
    ),
    shape(
        ["explodeMap", "explode_map"],
        "(map map[string]any) map[string]any",
        "A map with keys such as a/b as nested maps.",
        explode_map,
    ),
    shape(
        ["mergeMap", "merge_map"],
        "(target map[string]any, source map[string]any) map[string]any",
        "Merges a map into another, nested maps included; a value of the target is kept unless it is empty.",
        |call| merged(call, "mergeMap", Precedence::Target),
    ),
    shape(
        ["mergeMapWithOverride", "merge_map_with_override"],
        "(target map[string]any, source map[string]any) map[string]any",
        "Merges a map into another, nested maps included; a value of the source takes precedence.",
        |call| merged(call, "mergeMapWithOverride", Precedence::Source),
    ),
];

/// A pair with a different key.
#[derive(Debug)]
struct Rekeyed {
    pair: Record,
    key: String,
}

impl Fields for Rekeyed {
    fn schema(&self) -> &'static Schema {
        self.pair.schema()
    }

    fn get(&self, index: usize) -> Value {
        match self.schema().fields.get(index) {
            Some(field) if field.go == "Key" => Value::from(self.key.as_str()),
            _ => self.pair.at(index),
        }
    }
}

/// Returns the field of a record, as a string.
fn field(record: &Record, go: &str) -> Result<String, FunctionError> {
    let value = record.field(go).unwrap_or_default();
    text(&value).map(str::to_owned)
}

fn by_key(call: &Call<'_>) -> FunctionResult {
    let [pairs] = call.exactly("byKey")?;
    let mut folders: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for (_, pair) in call.records(pairs, PAIR)? {
        let key = field(&pair, "Key")?;
        if let Some((first, rest)) = key.split_once('/') {
            let rekeyed = Record::value(Arc::new(Rekeyed {
                pair,
                key: rest.to_owned(),
            }));
            folders
                .entry(first.to_owned())
                .or_default()
                .insert(rest.to_owned(), rekeyed);
        }
    }
    let inner = |entries| {
        Value::from_object(TypedMap {
            entries,
            zero: Record::nil(&NO_PAIR),
            is_nil: false,
        })
    };
    let zero = inner(BTreeMap::new());
    let entries = folders
        .into_iter()
        .map(|(first, entries)| (first, inner(entries)))
        .collect();
    Ok(Value::from_object(TypedMap {
        entries,
        zero,
        is_nil: false,
    }))
}

/// Converts groups to a map of lists; a missing group is an empty list.
fn lists(groups: BTreeMap<String, Vec<Value>>) -> Value {
    let entries = groups
        .into_iter()
        .map(|(name, items)| (name, Value::from(items)))
        .collect();
    Value::from_object(TypedMap {
        entries,
        zero: Value::from(Vec::<Value>::new()),
        is_nil: false,
    })
}

/// Returns a list of services of any type; none for nil, also if an interface holds it.
fn services(call: &Call<'_>, value: &Value) -> Result<Vec<(Value, Record)>, FunctionError> {
    if value.is_undefined() {
        return Ok(Vec::new());
    }
    call.records(value, "")
}

fn by_tag(call: &Call<'_>) -> FunctionResult {
    let [list] = call.exactly("byTag")?;
    let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (value, record) in services(call, list)? {
        let Some(tags) = record.field("Tags").or_else(|| record.field("ServiceTags")) else {
            return fail(wrong_type("a list of services", &value));
        };
        for tag in call.list(&tags)? {
            groups
                .entry(text(&tag)?.to_owned())
                .or_default()
                .push(value.clone());
        }
    }
    Ok(lists(groups))
}

fn by_port(call: &Call<'_>) -> FunctionResult {
    let [list] = call.exactly("byPort")?;
    let mut groups: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    for (value, record) in services(call, list)? {
        let Some(port) = record.field("Port").or_else(|| record.field("ServicePort")) else {
            return fail(wrong_type("a list of services", &value));
        };
        groups.entry(integer(&port)?).or_default().push(value);
    }
    let entries = groups
        .into_iter()
        .map(|(port, items)| (port, Value::from(items)))
        .collect();
    Ok(Value::from_object(NumberedMap {
        entries,
        zero: Value::from(Vec::<Value>::new()),
    }))
}

fn by_meta(call: &Call<'_>) -> FunctionResult {
    let [keys, services] = call.exactly("byMeta")?;
    let keys: Vec<&str> = text(keys)?.split(',').collect();
    let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (value, record) in call.records(services, SERVICE)? {
        let meta = record.field("ServiceMeta").unwrap_or_default();
        let parts: Vec<String> = keys
            .iter()
            .map(|key| meta_part(key, &meta))
            .collect::<Result<_, _>>()?;
        groups.entry(parts.join("_")).or_default().push(value);
    }
    Ok(lists(groups))
}

/// Returns the part of a group's name that comes from one key of `byMeta`.
fn meta_part(key: &str, meta: &Value) -> Result<String, FunctionError> {
    let (name, as_int) = match key.strip_suffix("|int") {
        Some(name) => (name, true),
        None => (key, false),
    };
    let found = meta.get_attr(name).unwrap_or_default();
    let value = text(&found).unwrap_or_default();
    if as_int {
        return match super::numbers::parse_int(if value.is_empty() { "0" } else { value }) {
            Ok(number) => Ok(format!("{number:05}")),
            Err(error) => fail(format!(
                "byMeta: strconv.Atoi: parsing the value of {name:?}: {error}"
            )),
        };
    }
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') {
            c
        } else {
            '_'
        }
    };
    let part = if value.is_empty() {
        format!("_no_{name}_")
    } else {
        value.to_owned()
    };
    Ok(part.chars().map(plain).collect())
}

/// A tree of nested maps under construction.
#[derive(Debug)]
enum Tree {
    Leaf(Value),
    Folder(BTreeMap<String, Tree>),
}

impl Tree {
    fn value(self) -> Value {
        match self {
            Self::Leaf(value) => value,
            Self::Folder(entries) => Dict::value(
                entries
                    .into_iter()
                    .map(|(name, tree)| (name, tree.value()))
                    .collect(),
            ),
        }
    }
}

/// Inserts a value at a path. Errors contain keys, but no values.
fn insert(
    root: &mut BTreeMap<String, Tree>,
    path: &str,
    value: Value,
) -> Result<(), FunctionError> {
    let mut folder = root;
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            if !part.is_empty() {
                match folder.get(part) {
                    Some(Tree::Folder(_)) => return Err(conflict(path, part)),
                    _ => folder.insert(part.to_owned(), Tree::Leaf(value)),
                };
            }
            return Ok(());
        }
        match folder
            .entry(part.to_owned())
            .or_insert_with(|| Tree::Folder(BTreeMap::new()))
        {
            Tree::Folder(inner) => folder = inner,
            Tree::Leaf(_) => return Err(conflict(path, part)),
        }
    }
    Ok(())
}

fn conflict(path: &str, part: &str) -> FunctionError {
    FunctionError::new(format!(
        "not a map: {path:?}: {part:?} is both a key and a folder"
    ))
}

/// The maximum number of folders in a key, which is the nesting depth of the maps.
const MAX_FOLDERS: usize = 90;

fn nested(name: &str, entries: impl Iterator<Item = (String, Value)>) -> FunctionResult {
    let mut root = BTreeMap::new();
    for (path, value) in entries.filter(|(path, _)| !path.is_empty()) {
        if path.matches('/').count() > MAX_FOLDERS {
            return fail(format!(
                "{name}: a key with more than {MAX_FOLDERS} folders"
            ));
        }
        insert(&mut root, &path, value).or_else(|error| fail(format!("{name}: {error}")))?;
    }
    dict::within_limits(Tree::Folder(root).value())
}

fn explode(call: &Call<'_>) -> FunctionResult {
    let [pairs] = call.exactly("explode")?;
    let mut entries = Vec::new();
    for (_, pair) in call.records(pairs, PAIR)? {
        entries.push((
            field(&pair, "Key")?,
            pair.field("Value").unwrap_or_default(),
        ));
    }
    nested("explode", entries.into_iter())
}

fn explode_map(call: &Call<'_>) -> FunctionResult {
    let [map] = call.exactly("explodeMap")?;
    nested("explodeMap", merge::entries(map)?.into_iter())
}

fn merged(call: &Call<'_>, name: &str, precedence: Precedence) -> FunctionResult {
    let [target, source] = call.exactly(name)?;
    merge::merge(call, target, source, precedence)
}
