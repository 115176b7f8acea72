//! Lists.

pub(in crate::template::functions) mod build;
pub(in crate::template::functions) mod filter;
pub(in crate::template::functions) mod parts;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::cast;
use crate::template::function::FunctionError;
use crate::template::functions::args::refuse;

/// The items of a list; for another value the error names the action that failed.
fn items(value: &Value, action: &str) -> Result<Vec<Value>, FunctionError> {
    match value.kind() {
        ValueKind::Seq => Ok(value.try_iter().into_iter().flatten().collect()),
        _ => refuse(format!("Cannot {action} type {}", cast::kind(value))),
    }
}
