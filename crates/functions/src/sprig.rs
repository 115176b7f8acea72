//! The functions of sprig, with the prefix `sprig_`. As in consul-template, functions that depend
//! on the time or the environment are omitted.
//!
//! Results and the order of arguments are those of sprig; a piped value is the last argument.

pub(super) mod cast;
#[cfg(feature = "crypto")]
pub(super) mod certificates;
pub(super) mod dates;
mod decimal;
mod deep_equal;
mod duration;
pub(super) mod encodings;
pub(super) mod flow;
pub(super) mod join;
#[cfg(feature = "crypto")]
mod keys;
pub(super) mod lists;
pub(super) mod maps;
#[cfg(feature = "crypto")]
pub(super) mod master_password;
pub(super) mod math;
pub(super) mod paths;
pub(super) mod regex;
#[cfg(feature = "crypto")]
pub(super) mod secrets;
pub(super) mod semver;
pub(super) mod text;
pub(super) mod types;
mod url;
mod version;
pub(super) mod words;
mod wrap;

use minijinja::Value;

use super::args::{FunctionResult, fail, text};
use crate::function::{Call, FunctionError, Group};

row_constructor!(sprig, Group::Sprig);

/// The maximum size of a result in bytes.
const MAX_LENGTH: usize = 64 << 20;

/// The maximum number of items in a list.
const MAX_ITEMS: usize = 1_000_000;

/// Returns an error if a result would be too long.
fn check_length(length: usize) -> Result<(), FunctionError> {
    if length > MAX_LENGTH {
        fail("the result is too long")
    } else {
        Ok(())
    }
}

/// Returns an error if a list would be too long.
fn check_items(count: usize) -> Result<(), FunctionError> {
    if count > MAX_ITEMS {
        fail(format!("a list with more than {MAX_ITEMS} items"))
    } else {
        Ok(())
    }
}

/// Applies a function to the only argument, a string.
fn map(call: &Call<'_>, name: &str, change: impl FnOnce(&str) -> String) -> FunctionResult {
    let [only] = call.exactly(name)?;
    Ok(Value::from(change(text(only)?)))
}

/// Applies a function to the two arguments, which must be strings.
fn map_two(call: &Call<'_>, name: &str, make: impl FnOnce(&str, &str) -> Value) -> FunctionResult {
    let [first, last] = call.exactly(name)?;
    Ok(make(text(first)?, text(last)?))
}

/// Returns the first argument, which is required, and the others.
fn first_and_rest<'a>(
    call: &Call<'a>,
    name: &str,
) -> Result<(&'a Value, &'a [Value]), FunctionError> {
    match call.args {
        [first, rest @ ..] => Ok((first, rest)),
        [] => fail(format!(
            "wrong number of args for {name}: want at least 1 got 0"
        )),
    }
}

#[cfg(test)]
mod tests;
