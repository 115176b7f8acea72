//! `len`, `index` and `slice`.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use crate::any_map::AnyMap;
use crate::go_value::{GoValue, KeyType, Shape, key_type, shape, text_value, type_name};
use crate::printf::Trouble;
use crate::record::{NumberedMap, TypedMap};

type Answer = Result<GoValue, Trouble>;

fn wrong(message: impl Into<String>) -> Trouble {
    Trouble::Message(message.into())
}

fn length(value: &Value) -> Option<usize> {
    match shape(value) {
        Shape::Text(text) => Some(text.len()),
        Shape::List | Shape::Map => Some(value.len().unwrap_or(0)),
        // Go counts what waits in the channel, which is nothing.
        Shape::Channel => Some(0),
        _ => None,
    }
}

fn int(value: usize) -> Value {
    Value::from(i64::try_from(value).unwrap_or(i64::MAX))
}

/// `len`
pub(super) fn len(item: &GoValue) -> Answer {
    if item.is_nothing() {
        return Err(wrong("reflect: call of reflect.Value.Type on zero Value"));
    }
    if item.value.is_none() {
        return Err(wrong("len of nil pointer"));
    }
    let length = length(&item.value)
        .ok_or_else(|| wrong(format!("len of type {}", type_name(&item.value))))?;
    Ok(GoValue::bare(int(length)))
}

/// An index into something of this capacity; the length itself is allowed here.
fn position(index: &GoValue, most: usize, sees_into_box: bool) -> Result<usize, Trouble> {
    if index.is_nothing() || (sees_into_box && index.value.is_none()) {
        return Err(wrong("cannot index slice/array with nil"));
    }
    let number = match shape(&index.value) {
        _ if index.boxed && !sees_into_box => {
            return Err(wrong("cannot index slice/array with type interface {}"));
        }
        Shape::Int(number) => i128::from(number),
        Shape::Uint(number) => i128::from(number),
        _ => {
            return Err(wrong(format!(
                "cannot index slice/array with type {}",
                type_name(&index.value)
            )));
        }
    };
    let fits = usize::try_from(number).ok().filter(|at| *at <= most);
    // Go shows what is above its `int` as a negative number.
    let shown = if number > i128::from(i64::MAX) {
        number - (1 << 64)
    } else {
        number
    };
    fits.ok_or_else(|| wrong(format!("index out of range: {shown}")))
}

/// `index`: the element of an element.
pub(super) fn index(item: &GoValue, indexes: &[GoValue]) -> Answer {
    if item.is_nothing() || item.value.is_none() {
        return Err(wrong("index of untyped nil"));
    }
    let mut item = item.clone();
    for index in indexes {
        item = element(&item, index)?;
    }
    Ok(item)
}

fn element(item: &GoValue, index: &GoValue) -> Answer {
    match shape(&item.value) {
        Shape::Nothing => Err(wrong("index of nil pointer")),
        Shape::Text(text) => {
            let at = position(index, text.len(), true)?;
            let byte = text
                .get(at)
                .ok_or_else(|| wrong("reflect: string index out of range"))?;
            Ok(GoValue::bare(Value::from(i64::from(*byte))))
        }
        Shape::List => {
            let length = item.value.len().unwrap_or(0);
            let at = position(index, length, true)?;
            if at >= length {
                return Err(wrong("reflect: slice index out of range"));
            }
            Ok(GoValue::boxed(
                item.value.get_item_by_index(at).unwrap_or_default(),
            ))
        }
        Shape::Map => entry(&item.value, &index.value),
        _ => Err(wrong(format!(
            "can't index item of type {}",
            type_name(&item.value)
        ))),
    }
}

/// The entry of a map; one that is missing is the zero value, whatever the template's option says.
fn entry(map: &Value, key: &Value) -> Answer {
    if let Some(typed) = map.downcast_object_ref::<TypedMap>() {
        check_key(KeyType::Text, key)?;
        let found = key.as_str().and_then(|key| typed.entries.get(key));
        return Ok(GoValue::bare(found.unwrap_or(&typed.zero).clone()));
    }
    if let Some(numbered) = map.downcast_object_ref::<NumberedMap>() {
        check_key(KeyType::Int, key)?;
        let found = key.as_i64().and_then(|key| numbered.entries.get(&key));
        return Ok(GoValue::bare(found.unwrap_or(&numbered.zero).clone()));
    }
    if let Some(any) = map
        .as_object()
        .filter(|object| object.downcast_ref::<AnyMap>().is_some())
    {
        return Ok(any.get_value(key).map_or_else(GoValue::nil, GoValue::boxed));
    }
    if matches!(shape(key), Shape::Text(_) | Shape::Int(_))
        && let Some(found) = map.as_object().and_then(|object| object.get_value(key))
    {
        return Ok(GoValue::boxed(found));
    }
    // One key tells what the others are, in all maps but those of any keys.
    let first = map.try_iter().into_iter().flatten().next();
    if !first.is_some_and(|first| {
        std::mem::discriminant(&shape(&first)) == std::mem::discriminant(&shape(key))
    }) {
        check_key(key_type(map), key)?;
    }
    Ok(GoValue::nil())
}

/// A key has to be of the type of the map's keys.
fn check_key(keys: KeyType, key: &Value) -> Result<(), Trouble> {
    match (keys, shape(key)) {
        (KeyType::Anything, _)
        | (KeyType::Text, Shape::Text(_))
        | (KeyType::Int, Shape::Int(_)) => Ok(()),
        (_, Shape::Nothing) => Err(wrong(format!(
            "value is nil; should be of type {}",
            keys.name()
        ))),
        _ => Err(wrong(format!(
            "value has type {}; should be {}",
            type_name(key),
            keys.name()
        ))),
    }
}

/// `slice`: a part of a list or a string.
pub(super) fn slice(item: &GoValue, indexes: &[GoValue], room: usize) -> Answer {
    if item.is_nothing() || item.value.is_none() {
        return Err(wrong("slice of untyped nil"));
    }
    if indexes.len() > 3 {
        return Err(wrong(format!("too many slice indexes: {}", indexes.len())));
    }
    let value = &item.value;
    let (length, capacity) = match shape(value) {
        Shape::Text(_) if indexes.len() == 3 => return Err(wrong("cannot 3-index slice a string")),
        Shape::Text(text) => (text.len(), text.len()),
        // Go may have room behind the end of a list, and lets a slice reach into it.
        Shape::List => (value.len().unwrap_or(0), value.len().unwrap_or(0)),
        _ => {
            return Err(wrong(format!(
                "can't slice item of type {}",
                type_name(value)
            )));
        }
    };
    let mut bounds = [0, length, capacity];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(index, capacity, false)?;
    }
    let [from, to, most] = bounds;
    if from > to {
        return Err(wrong(format!("invalid slice index: {from} > {to}")));
    }
    if to > most {
        return Err(wrong(format!("invalid slice index: {to} > {most}")));
    }
    match value.as_bytes() {
        Some(_) if to - from > room => Err(Trouble::TooLarge),
        Some(text) => Ok(GoValue::bare(text_value(
            text.get(from..to).unwrap_or_default().to_vec(),
        ))),
        None => Ok(GoValue::bare(Part::of(value, from, to - from))),
    }
}

/// A part of a list; the list itself is not copied.
#[derive(Debug)]
struct Part {
    whole: Value,
    from: usize,
    length: usize,
}

impl Part {
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

impl Object for Part {
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
