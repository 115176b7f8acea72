//! Reads JSON bodies as Go's decoder does: field names ignore case, and errors have Go's messages.
//!
//! Input: a body. Output: its fields, or the [`Reply`] that refuses it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::go;
use super::reply::Reply;

/// The fields of an object. They are taken one by one; fields that remain are unknown.
#[derive(Debug)]
pub(crate) struct Fields {
    owner: &'static str,
    left: Vec<(String, Value)>,
}

impl Fields {
    /// Decodes a body. `owner` is the name of the Go struct for error messages.
    pub(crate) fn decode(body: &[u8], owner: &'static str) -> Result<Self, Reply> {
        let value: Value =
            serde_json::from_slice(body).map_err(|error| wrong(&go::decode_error(body, &error)))?;
        Self::of(value, owner)
    }

    /// Reads the fields of a nested object.
    pub(crate) fn of(value: Value, owner: &'static str) -> Result<Self, Reply> {
        match value {
            Value::Object(fields) => Ok(Self {
                owner,
                left: fields.into_iter().collect(),
            }),
            Value::Null => Ok(Self {
                owner,
                left: Vec::new(),
            }),
            other => Err(wrong(&format!(
                "json: cannot unmarshal {} into Go value of type structs.{owner}",
                kind(&other)
            ))),
        }
    }

    /// Returns `true` if all fields have the empty value of their type.
    pub(crate) fn is_empty(&self) -> bool {
        let is_empty = |value: &Value| match value {
            Value::Null | Value::Bool(false) => true,
            Value::Bool(true) => false,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(fields) => fields.is_empty(),
        };
        self.left.iter().all(|(_, value)| is_empty(value))
    }

    /// Takes a field; `None` if it is missing or `null`.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        let at = self
            .left
            .iter()
            .position(|(own, _)| own.replace('_', "").eq_ignore_ascii_case(name))?;
        Some(self.left.remove(at).1).filter(|value| !value.is_null())
    }

    /// Takes a string.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, Reply> {
        match self.take(name) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(self.type_mismatch(&other, name, "string")),
        }
    }

    /// Takes a whole number.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<i64>, Reply> {
        match self.take(name) {
            None => Ok(None),
            Some(other) => other
                .as_i64()
                .map(Some)
                .ok_or_else(|| self.type_mismatch(&other, name, "int")),
        }
    }

    /// Takes a boolean.
    pub(crate) fn boolean(&mut self, name: &str) -> Result<bool, Reply> {
        match self.take(name) {
            None => Ok(false),
            Some(other) => other
                .as_bool()
                .ok_or_else(|| self.type_mismatch(&other, name, "bool")),
        }
    }

    /// Takes a list of strings.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<String>, Reply> {
        let Some(value) = self.take(name) else {
            return Ok(Vec::new());
        };
        let texts = value.as_array().map(|list| {
            list.iter()
                .map(|it| it.as_str().map(str::to_owned))
                .collect()
        });
        texts
            .flatten()
            .ok_or_else(|| self.type_mismatch(&value, name, "[]string"))
    }

    /// Takes a map of strings.
    pub(crate) fn pairs(&mut self, name: &str) -> Result<BTreeMap<String, String>, Reply> {
        let Some(value) = self.take(name) else {
            return Ok(BTreeMap::new());
        };
        let pair =
            |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        let pairs = value
            .as_object()
            .map(|fields| fields.iter().map(pair).collect());
        pairs
            .flatten()
            .ok_or_else(|| self.type_mismatch(&value, name, "map[string]string"))
    }

    /// Takes a list of objects.
    pub(crate) fn objects(&mut self, name: &str, owner: &'static str) -> Result<Vec<Self>, Reply> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .into_iter()
                .map(|item| Self::of(item, owner))
                .collect(),
            Some(other) => Err(self.type_mismatch(&other, name, "[]object")),
        }
    }

    /// Takes a duration: text in Go's notation, or a number of nanoseconds.
    pub(crate) fn duration(&mut self, name: &str) -> Result<Option<Duration>, Reply> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => go::duration(&text)
                .map(Some)
                .ok_or_else(|| wrong(&go::duration_error(&text))),
            Some(other) => other
                .as_i64()
                .map(|nanoseconds| Some(Duration::from_nanos(nanoseconds.try_into().unwrap_or(0))))
                .ok_or_else(|| self.type_mismatch(&other, name, "time.Duration")),
        }
    }

    /// Returns all fields that were not taken.
    pub(crate) fn into_entries(self) -> Vec<(String, Value)> {
        self.left
    }

    /// Drops fields that are accepted without effect.
    pub(crate) fn ignore(&mut self, names: &[&str]) {
        for name in names {
            self.take(name);
        }
    }

    /// Refuses fields that were not taken.
    pub(crate) fn finish(self) -> Result<(), Reply> {
        match self.left.first() {
            None => Ok(()),
            Some((name, _)) => Err(wrong(&format!("json: unknown field {}", go::quoted(name)))),
        }
    }

    fn type_mismatch(&self, value: &Value, name: &str, wanted: &str) -> Reply {
        let owner = self.owner;
        wrong(&format!(
            "json: cannot unmarshal {} into Go struct field {owner}.{name} of type {wanted}",
            kind(value)
        ))
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn wrong(words: &str) -> Reply {
    Reply::text(400, format!("Request decode failed: {words}"))
}
