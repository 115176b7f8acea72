//! The functions of sprig, under `sprig_` and their name; those that would give another result each time on purpose
//! (the time, the environment) are left out, as consul-template leaves them out.
//!
//! The order of the arguments is sprig's: what is piped in comes last. The values are those that sprig gives.

pub(super) mod cast;
pub(super) mod certificates;
pub(super) mod dates;
mod decimal;
mod deep_equal;
mod der;
mod duration;
pub(super) mod encodings;
pub(super) mod flow;
mod keys;
pub(super) mod lists;
pub(super) mod maps;
pub(super) mod math;
pub(super) mod more_lists;
pub(super) mod paths;
pub(super) mod regex;
pub(super) mod secrets;
pub(super) mod semver;
pub(super) mod text;
pub(super) mod types;
mod url;
mod version;
pub(super) mod words;
mod wrap;

use minijinja::Value;

use super::args::{Outcome, refuse, text};
use super::function;
use crate::template::function::{Call, Function, FunctionError, Group};

/// One line of a table.
const fn sprig(
    names: [&'static str; 2],
    signature: &'static str,
    summary: &'static str,
    code: fn(&Call<'_>) -> Outcome,
) -> Function {
    function(Group::Sprig, names, signature, summary, code)
}

/// A text that grows beyond this is taken for a mistake.
const MAX_LENGTH: usize = 64 << 20;

/// A list that grows beyond this is taken for a mistake.
const MAX_ITEMS: usize = 1_000_000;

/// Refuses a result that would be too long.
fn fits(length: usize) -> Result<(), FunctionError> {
    if length > MAX_LENGTH {
        refuse("the result is too long")
    } else {
        Ok(())
    }
}

/// What becomes of the only argument, which is a text.
fn map(call: &Call<'_>, name: &str, change: impl FnOnce(&str) -> String) -> Outcome {
    let [only] = call.exactly(name)?;
    Ok(Value::from(change(text(only)?)))
}

/// What becomes of two arguments, which are texts.
fn map_two(call: &Call<'_>, name: &str, make: impl FnOnce(&str, &str) -> Value) -> Outcome {
    let [first, last] = call.exactly(name)?;
    Ok(make(text(first)?, text(last)?))
}

/// The first arguments and the rest, of which there may be none.
fn first_and_rest<'a>(
    call: &Call<'a>,
    name: &str,
) -> Result<(&'a Value, &'a [Value]), FunctionError> {
    match call.args {
        [first, rest @ ..] => Ok((first, rest)),
        [] => refuse(format!(
            "wrong number of args for {name}: want at least 1 got 0"
        )),
    }
}

#[cfg(test)]
mod tests;
