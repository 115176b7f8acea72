//! Regular expressions as Go writes them.
//!
//! in:  a pattern in Go's syntax (RE2)
//! out: a compiled expression that means the same; the last ones compiled are kept

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use regex::{Regex, RegexBuilder};

use crate::template::function::FunctionError;

mod class;
mod replace;
#[cfg(test)]
mod tests;
mod translate;

pub(super) use replace::replaced;

/// So many expressions are kept compiled; a template has a handful.
const KEPT: usize = 256;

static COMPILED: Mutex<Option<HashMap<String, Regex>>> = Mutex::new(None);

/// The expression, compiled.
pub(super) fn compiled(pattern: &str) -> Result<Regex, FunctionError> {
    let mut guard = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = guard.get_or_insert_default();
    if let Some(regex) = kept.get(pattern) {
        return Ok(regex.clone());
    }
    let regex = translate::translated(pattern)
        .map_err(str::to_owned)
        .and_then(|translated| {
            RegexBuilder::new(&translated)
                .size_limit(4 << 20)
                .build()
                .map_err(|error| reason(&error))
        })
        .map_err(|reason| FunctionError::new(format!("error parsing regexp: {reason}")))?;
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(pattern.to_owned(), regex.clone());
    Ok(regex)
}

/// The last line of the crate's message says what is wrong; the lines before repeat the pattern.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
