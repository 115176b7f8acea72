//! `len`, `index` and `slice`.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use crate::any_map::AnyMap;
use crate::builtin_error::BuiltinError;
use crate::go_value::{GoKind, GoValue, KeyType, go_kind, key_type, text_value, type_name};
use crate::record::{NumberedMap, TypedMap, is_typed_nil};

fn length(value: &Value) -> Option<usize> {
    match go_kind(value) {
        GoKind::String(text) => Some(text.len()),
        GoKind::List | GoKind::Map => Some(value.len().unwrap_or(0)),
        // Go counts the values that are buffered in the channel: none.
        GoKind::Channel => Some(0),
        _ => None,
    }
}

fn int(value: usize) -> Value {
    Value::from(i64::try_from(value).unwrap_or(i64::MAX))
}

/// `len`
pub(super) fn len(item: &GoValue) -> Result<GoValue, BuiltinError> {
    if item.is_invalid() {
        return Err(BuiltinError::new(
            "reflect: call of reflect.Value.Type on zero Value",
        ));
    }
    if item.value.is_none() {
        return Err(BuiltinError::new("len of nil pointer"));
    }
    let length = length(&item.value)
        .ok_or_else(|| BuiltinError::new(format!("len of type {}", type_name(&item.value))))?;
    Ok(GoValue::concrete(int(length)))
}

/// Checks an index: `max` itself is allowed. With `indirect`, the number may be held in an interface.
fn checked_index(index: &GoValue, max: usize, indirect: bool) -> Result<usize, BuiltinError> {
    if index.is_invalid() || (indirect && index.value.is_none()) {
        return Err(BuiltinError::new("cannot index slice/array with nil"));
    }
    let number = match go_kind(&index.value) {
        _ if index.in_interface && !indirect => {
            return Err(BuiltinError::new(
                "cannot index slice/array with type interface {}",
            ));
        }
        GoKind::Int(number) => i128::from(number),
        GoKind::Uint(number) => i128::from(number),
        _ => {
            return Err(BuiltinError::new(format!(
                "cannot index slice/array with type {}",
                type_name(&index.value)
            )));
        }
    };
    let fits = usize::try_from(number).ok().filter(|at| *at <= max);
    // Go shows a number above its `int` as a negative one.
    let shown = if number > i128::from(i64::MAX) {
        number - (1 << 64)
    } else {
        number
    };
    fits.ok_or_else(|| BuiltinError::new(format!("index out of range: {shown}")))
}

/// `index`: an element; with several indexes, of nested lists and maps.
pub(super) fn index(item: &GoValue, indexes: &[GoValue]) -> Result<GoValue, BuiltinError> {
    if item.is_invalid() || item.value.is_none() {
        return Err(BuiltinError::new("index of untyped nil"));
    }
    let mut item = item.clone();
    for index in indexes {
        item = element(&item, index)?;
    }
    Ok(item)
}

fn element(item: &GoValue, index: &GoValue) -> Result<GoValue, BuiltinError> {
    match go_kind(&item.value) {
        GoKind::Nil => Err(BuiltinError::new("index of nil pointer")),
        GoKind::String(text) => {
            let at = checked_index(index, text.len(), true)?;
            let byte = text
                .get(at)
                .ok_or_else(|| BuiltinError::new("reflect: string index out of range"))?;
            Ok(GoValue::concrete(Value::from(i64::from(*byte))))
        }
        GoKind::List => {
            let length = item.value.len().unwrap_or(0);
            let at = checked_index(index, length, true)?;
            if at >= length {
                return Err(BuiltinError::new("reflect: slice index out of range"));
            }
            Ok(GoValue::in_interface(
                item.value.get_item_by_index(at).unwrap_or_default(),
            ))
        }
        GoKind::Map => entry(&item.value, &index.value),
        _ => Err(BuiltinError::new(format!(
            "can't index item of type {}",
            type_name(&item.value)
        ))),
    }
}

/// The entry of a map. A missing one is the zero value, regardless of the option `missingkey`.
fn entry(map: &Value, key: &Value) -> Result<GoValue, BuiltinError> {
    if let Some(typed) = map.downcast_object_ref::<TypedMap>() {
        check_key(KeyType::String, key)?;
        let found = key.as_str().and_then(|key| typed.entries.get(key));
        return Ok(GoValue::concrete(found.unwrap_or(&typed.zero).clone()));
    }
    if let Some(numbered) = map.downcast_object_ref::<NumberedMap>() {
        check_key(KeyType::Int, key)?;
        let found = key.as_i64().and_then(|key| numbered.entries.get(&key));
        return Ok(GoValue::concrete(found.unwrap_or(&numbered.zero).clone()));
    }
    if let Some(any) = map
        .as_object()
        .filter(|object| object.downcast_ref::<AnyMap>().is_some())
    {
        return Ok(any
            .get_value(key)
            .map_or_else(GoValue::nil, GoValue::in_interface));
    }
    if matches!(go_kind(key), GoKind::String(_) | GoKind::Int(_))
        && let Some(found) = map.as_object().and_then(|object| object.get_value(key))
    {
        return Ok(GoValue::in_interface(found));
    }
    // In all maps except `AnyMap`, the keys have one type.
    let first = map.try_iter().into_iter().flatten().next();
    if !first.is_some_and(|first| {
        std::mem::discriminant(&go_kind(&first)) == std::mem::discriminant(&go_kind(key))
    }) {
        check_key(key_type(map), key)?;
    }
    Ok(GoValue::nil())
}

/// Returns an error if a key does not have the type of the map's keys.
fn check_key(keys: KeyType, key: &Value) -> Result<(), BuiltinError> {
    match (keys, go_kind(key)) {
        (KeyType::Interface, _)
        | (KeyType::String, GoKind::String(_))
        | (KeyType::Int, GoKind::Int(_)) => Ok(()),
        (_, GoKind::Nil) => Err(BuiltinError::new(format!(
            "value is nil; should be of type {}",
            keys.name()
        ))),
        _ => Err(BuiltinError::new(format!(
            "value has type {}; should be {}",
            type_name(key),
            keys.name()
        ))),
    }
}

/// `slice`: a part of a list or a string.
pub(super) fn slice(
    item: &GoValue,
    indexes: &[GoValue],
    max_len: usize,
) -> Result<GoValue, BuiltinError> {
    if item.is_invalid() || item.value.is_none() {
        return Err(BuiltinError::new("slice of untyped nil"));
    }
    if indexes.len() > 3 {
        return Err(BuiltinError::new(format!(
            "too many slice indexes: {}",
            indexes.len()
        )));
    }
    let value = &item.value;
    let (length, capacity) = match go_kind(value) {
        GoKind::String(_) if indexes.len() == 3 => {
            return Err(BuiltinError::new("cannot 3-index slice a string"));
        }
        GoKind::String(text) => (text.len(), text.len()),
        // In Go a list may have unused capacity, which a slice can use.
        GoKind::List => (value.len().unwrap_or(0), value.len().unwrap_or(0)),
        _ => {
            return Err(BuiltinError::new(format!(
                "can't slice item of type {}",
                type_name(value)
            )));
        }
    };
    let mut bounds = [0, length, capacity];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = checked_index(index, capacity, false)?;
    }
    let [from, to, max] = bounds;
    if from > to {
        return Err(BuiltinError::new(format!(
            "invalid slice index: {from} > {to}"
        )));
    }
    if to > max {
        return Err(BuiltinError::new(format!(
            "invalid slice index: {to} > {max}"
        )));
    }
    match value.as_bytes() {
        Some(_) if to - from > max_len => Err(BuiltinError::TooLarge),
        Some(text) => Ok(GoValue::concrete(text_value(
            text.get(from..to).unwrap_or_default().to_vec(),
        ))),
        None if is_typed_nil(value) => Ok(item.clone().into_concrete()),
        None => Ok(GoValue::concrete(Subslice::of(value, from, to - from))),
    }
}

/// A part of a list; the list itself is not copied.
#[derive(Debug)]
struct Subslice {
    whole: Value,
    from: usize,
    length: usize,
}

impl Subslice {
    /// A part of a list, or of a part of one.
    fn of(list: &Value, from: usize, length: usize) -> Value {
        let (whole, from) = match list.downcast_object_ref::<Self>() {
            Some(part) => (part.whole.clone(), part.from.saturating_add(from)),
            None => (list.clone(), from),
        };
        Value::from_object(Self {
            whole,
            from,
            length,
        })
    }
}

impl Object for Subslice {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = key.as_usize().filter(|at| *at < self.length)?;
        self.whole
            .get_item_by_index(self.from.checked_add(at)?)
            .ok()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.length)
    }
}
