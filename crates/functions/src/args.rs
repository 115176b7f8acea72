//! The arguments of a call, checked for the types that Go accepts.
//!
//! The errors are those of Go's `text/template`. They contain types, but no values.

pub use gotemplate::args::{Number, bytes, fail, go_type, integer, text, wrong_type};
use gotemplate::record::Record;
use minijinja::Value;
use minijinja::value::ValueKind;

use crate::function::{Call, FunctionError};

/// The maximum number of items that a function reads from a lazy sequence: the limit of `loop`.
const MAX_ITEMS: usize = 10_000_000;

/// The result of a function.
pub type FunctionResult = Result<Value, FunctionError>;

impl<'a> Call<'a> {
    /// Returns the arguments, which must be exactly `N`.
    ///
    /// # Errors
    /// If there are more or fewer.
    pub fn exactly<const N: usize>(&self, name: &str) -> Result<&'a [Value; N], FunctionError> {
        let got = self.args.len();
        self.args.try_into().map_err(|_| {
            FunctionError::new(format!(
                "wrong number of args for {name}: want {N} got {got}"
            ))
        })
    }

    /// Returns the items of a list or a lazy sequence; none for nil. Each item of a lazy sequence costs a step,
    /// because the sequence may be endless.
    ///
    /// # Errors
    /// If the value is neither, has too many items, or the budget is exhausted.
    pub fn list(&self, value: &Value) -> Result<Vec<Value>, FunctionError> {
        let lazy = match value.kind() {
            ValueKind::Seq => false,
            ValueKind::Iterable => true,
            ValueKind::None => return Ok(Vec::new()),
            _ => return fail(wrong_type("a list", value)),
        };
        let Ok(iter) = value.try_iter() else {
            return fail(wrong_type("a list", value));
        };
        let mut items = Vec::new();
        for item in iter {
            if lazy {
                self.spend(1)?;
                if items.len() >= MAX_ITEMS {
                    return fail(format!("a list with more than {MAX_ITEMS} items"));
                }
            }
            items.push(item);
        }
        Ok(items)
    }

    /// Returns the items of a list of records with this schema; an empty `schema` accepts all.
    ///
    /// # Errors
    /// If the value is not such a list.
    pub fn records(
        &self,
        value: &Value,
        schema: &str,
    ) -> Result<Vec<(Value, Record)>, FunctionError> {
        records(self.list(value)?, schema)
    }

    /// Returns the arguments, which must be strings.
    ///
    /// # Errors
    /// If one is not a string.
    pub fn texts(&self) -> Result<Vec<&'a str>, FunctionError> {
        self.args.iter().map(text).collect()
    }
}

/// Returns the items of a list in memory without copying them.
#[must_use]
pub fn slice(value: &Value) -> Option<&[Value]> {
    value.downcast_object_ref::<Vec<Value>>().map(Vec::as_slice)
}

/// Returns each item as a record with this schema; an empty `schema` accepts all.
///
/// # Errors
/// If an item is not such a record.
pub fn records(items: Vec<Value>, schema: &str) -> Result<Vec<(Value, Record)>, FunctionError> {
    let record = |item: Value| match item.downcast_object_ref::<Record>() {
        Some(record) if schema.is_empty() || record.schema().name == schema => {
            let record = record.clone();
            Ok((item, record))
        }
        _ if schema.is_empty() => fail(format!(
            "wrong type for value; expected a list of services; got {}",
            go_type(&item)
        )),
        _ => fail(format!(
            "wrong type for value; expected []{schema}; got a list with {}",
            go_type(&item)
        )),
    };
    items.into_iter().map(record).collect()
}
