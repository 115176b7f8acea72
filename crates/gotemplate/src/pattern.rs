//! Regular expressions in Go's syntax (RE2).
//!
//! Input: a pattern. Output: a [`Regex`] that matches the same texts. Compiled patterns are cached.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use regex::{Regex, RegexBuilder};

use crate::budget::Budget;
use crate::function_error::FunctionError;

mod class;
mod error;
mod replace;
#[cfg(test)]
mod tests;
mod translate;

pub use replace::{replace_all, replace_all_literal};

/// The maximum number of patterns in the cache.
const MAX_CACHED: usize = 256;

/// The maximum length of a pattern in bytes. The compiled form of a longer pattern would exceed [`MAX_COMPILED_SIZE`] anyway.
const MAX_LENGTH: usize = 128 << 10;

/// The maximum size of a compiled pattern in bytes.
const MAX_COMPILED_SIZE: usize = 4 << 20;

static CACHE: Mutex<Option<HashMap<String, Regex>>> = Mutex::new(None);

/// The steps to compile a pattern, for each byte of it.
const STEPS_PER_BYTE: usize = 1000;

/// Compiles a pattern, or takes it from the cache.
///
/// # Errors
/// If the pattern is not valid in Go, or too large. The text is that of Go's `regexp`. Or if the budget is exhausted.
pub fn compile(pattern: &str, budget: &Budget) -> Result<Regex, FunctionError> {
    if let Some(regex) = cached(pattern) {
        return Ok(regex);
    }
    budget.spend(pattern.len().saturating_mul(STEPS_PER_BYTE))?;
    // Compile without the lock, so that other templates do not wait.
    let regex = compile_new(pattern)
        .map_err(|reason| FunctionError::new(format!("error parsing regexp: {reason}")))?;
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = cache.get_or_insert_default();
    if cache.len() >= MAX_CACHED {
        cache.clear();
    }
    cache.insert(pattern.to_owned(), regex.clone());
    Ok(regex)
}

/// The compiled pattern in the cache.
fn cached(pattern: &str) -> Option<Regex> {
    let cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    cache.as_ref()?.get(pattern).cloned()
}

fn compile_new(pattern: &str) -> Result<Regex, FunctionError> {
    if pattern.len() > MAX_LENGTH {
        return Err(FunctionError::new("expression too large"));
    }
    let translated =
        translate::translate(pattern).map_err(|error| FunctionError::new(error.to_string()))?;
    RegexBuilder::new(&translated)
        .size_limit(MAX_COMPILED_SIZE)
        .build()
        .map_err(|error| FunctionError::new(reason(&error)))
}

/// The last line of the crate's message: the lines before it repeat the pattern.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
