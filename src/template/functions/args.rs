//! The arguments of a call, with the types that Go accepts.
//!
//! The errors are those of Go's `text/template`. They name types, but no value.

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::template::function::{Call, FunctionError};
use crate::template::record::{Record, TypedMap};

/// The number of items of a lazy sequence that a function reads: the limit of `loop`.
const MAX_ITEMS: usize = 10_000_000;

/// The result of a function.
pub(super) type FunctionResult = Result<Value, FunctionError>;

/// Fails with this text.
pub(super) fn refuse<T>(text: impl Into<String>) -> Result<T, FunctionError> {
    Err(FunctionError::new(text))
}

impl<'a> Call<'a> {
    /// The arguments, if there are exactly `N`.
    pub(super) fn exactly<const N: usize>(
        &self,
        name: &str,
    ) -> Result<&'a [Value; N], FunctionError> {
        let got = self.args.len();
        self.args.try_into().map_err(|_| {
            FunctionError::new(format!(
                "wrong number of args for {name}: want {N} got {got}"
            ))
        })
    }

    /// The items of an argument, a list or a lazy sequence. A lazy sequence may be endless, so each of its items is a step.
    pub(super) fn list(&self, value: &Value) -> Result<Vec<Value>, FunctionError> {
        let lazy = match value.kind() {
            ValueKind::Seq => false,
            ValueKind::Iterable => true,
            _ => return refuse(wrong_type("a list", value)),
        };
        let Ok(iter) = value.try_iter() else {
            return refuse(wrong_type("a list", value));
        };
        let mut items = Vec::new();
        for item in iter {
            if lazy {
                self.spend(1)?;
                if items.len() >= MAX_ITEMS {
                    return refuse(format!("a list with more than {MAX_ITEMS} items"));
                }
            }
            items.push(item);
        }
        Ok(items)
    }

    /// The records of an argument, a list of records with this schema; any schema if `schema` is empty.
    pub(super) fn records(
        &self,
        value: &Value,
        schema: &str,
    ) -> Result<Vec<(Value, Record)>, FunctionError> {
        records(self.list(value)?, schema)
    }

    /// The arguments, if all are strings.
    pub(super) fn texts(&self) -> Result<Vec<&'a str>, FunctionError> {
        self.args.iter().map(text).collect()
    }
}

/// The argument as a string.
pub(super) fn text(value: &Value) -> Result<&str, FunctionError> {
    match value.kind() {
        ValueKind::String => Ok(value.as_str().unwrap_or_default()),
        _ => refuse(wrong_type("string", value)),
    }
}

/// The bytes of the argument, a string that may not be UTF-8.
pub(super) fn bytes(value: &Value) -> Result<&[u8], FunctionError> {
    match value.kind() {
        ValueKind::String | ValueKind::Bytes => Ok(value.as_bytes().unwrap_or_default()),
        _ => refuse(wrong_type("string", value)),
    }
}

/// The argument as an integer.
pub(super) fn integer(value: &Value) -> Result<i64, FunctionError> {
    match Number::of(value) {
        Some(Number::Int(number)) => Ok(number),
        _ => refuse(wrong_type("int", value)),
    }
}

/// The items of a list in memory, without a copy.
pub(super) fn slice(value: &Value) -> Option<&[Value]> {
    value.downcast_object_ref::<Vec<Value>>().map(Vec::as_slice)
}

/// The records of a list with this schema; any schema if `schema` is empty.
pub(super) fn records(
    items: Vec<Value>,
    schema: &str,
) -> Result<Vec<(Value, Record)>, FunctionError> {
    let record = |item: Value| match item.downcast_object_ref::<Record>() {
        Some(record) if schema.is_empty() || record.schema().name == schema => {
            let record = record.clone();
            Ok((item, record))
        }
        _ if schema.is_empty() => refuse(format!(
            "wrong type for value; expected a list of services; got {}",
            go_type(&item)
        )),
        _ => refuse(format!(
            "wrong type for value; expected []{schema}; got a list with {}",
            go_type(&item)
        )),
    };
    items.into_iter().map(record).collect()
}

/// The text of the error for an argument of the wrong type.
pub(super) fn wrong_type(expected: &str, value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => format!("invalid value; expected {expected}"),
        _ => format!(
            "wrong type for value; expected {expected}; got {}",
            go_type(value)
        ),
    }
}

/// The name of the type of a value in Go.
pub(super) fn go_type(value: &Value) -> &'static str {
    if let Some(record) = value.downcast_object_ref::<Record>() {
        return record.schema().name;
    }
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => "<nil>",
        ValueKind::Bool => "bool",
        ValueKind::Number => match Number::of(value) {
            Some(Number::Int(_)) => "int",
            Some(Number::Uint(_)) => "uint64",
            _ => "float64",
        },
        ValueKind::String => "string",
        ValueKind::Bytes => "[]uint8",
        ValueKind::Seq => "[]interface {}",
        ValueKind::Map if value.downcast_object_ref::<TypedMap>().is_some() => "map[string]string",
        ValueKind::Map => "map[string]interface {}",
        ValueKind::Iterable => "<-chan int64",
        _ => "an object",
    }
}

/// A number of one of Go's three kinds. Only an integer that does not fit `int64` is unsigned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Uint(u64),
    Float(f64),
}

impl Number {
    /// The number of a value; strings are not converted.
    pub(super) fn of(value: &Value) -> Option<Self> {
        if value.is_integer() {
            let int = i64::try_from(value.clone()).map(Self::Int);
            int.or_else(|_| u64::try_from(value.clone()).map(Self::Uint))
                .ok()
        } else if value.is_number() {
            f64::try_from(value.clone()).map(Self::Float).ok()
        } else {
            None
        }
    }

    /// The number as a float.
    #[expect(clippy::cast_precision_loss, reason = "Go converts in the same way")]
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Uint(number) => number as f64,
            Self::Float(number) => number,
        }
    }
}
