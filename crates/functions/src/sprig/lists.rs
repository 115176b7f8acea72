//! Functions for lists.

pub(crate) mod build;
pub(crate) mod filter;
pub(crate) mod parts;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::cast;
use crate::args::fail;
use crate::function::FunctionError;

/// Returns the items of a list. For other values, the error names the failed action.
fn items(value: &Value, action: &str) -> Result<Vec<Value>, FunctionError> {
    match value.kind() {
        ValueKind::Seq => Ok(value.try_iter().into_iter().flatten().collect()),
        _ => fail(format!("Cannot {action} type {}", cast::kind(value))),
    }
}
